/*
 * The buffer of points, as a model for the checker spin: producers that push,
 * senders that take, send and settle, interruption, and the close. The checker
 * looks at every order in which their steps can follow one another.
 *
 * Each d_step below is one synchronous step of the library, which nothing can
 * come between: PointBuffer.offer, the takes of Packer.fill with their booking, the
 * settling of a payload, and PointBuffer.discard. Everything else may be interleaved
 * in any way.
 *
 * Mutants, by -D: each takes such a step apart, or leaves a part of it out.
 *
 *   TAKE_THEN_BOOK   an interruption can come between a take and its booking
 *   FORGET_HELD      an interrupted sender forgets what it holds
 *   SETTLE_TWICE     an interrupted sender settles what it holds twice
 *   FORGET_QUEUE     the close does not count what is left in the queue
 *   DROP_NEWEST      a full queue drops the new point instead of the oldest
 *   NO_DEADLINE      the close waits for the senders without end
 */

#ifndef CAPACITY
#define CAPACITY 2
#endif
#ifndef BATCH
#define BATCH 2
#endif
#ifndef SENDERS
#define SENDERS 2
#endif
#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#ifndef POINTS
#define POINTS 3 /* of each producer */
#endif

/* The ledger. */
byte pushed, sent, queueFull, sendError, shutdown, inFlight;

/* The queue. A point is its number in the order of the pushes. */
chan queue = [CAPACITY] of { byte };

bool closed;               /* the intake has stopped */
bool interrupted[SENDERS]; /* takes effect where the sender waits */
byte ended;                /* senders that are at their end */
bool done;                 /* the close is at its end */

byte next;                          /* points below it have left the queue */
bool settled[PRODUCERS * POINTS];

#define LAW (pushed == sent + queueFull + sendError + shutdown + len(queue) + inFlight)

/* Points leave the queue in the order of their push, whichever way. */
inline leave(number) {
  assert(number >= next);
  next = number + 1
}

/* Every point has one fate. */
inline settle(number) {
  assert(!settled[number]);
  settled[number] = true
}

inline settleHeld(column) {
  d_step {
    k = 0;
    do
    :: k < points -> settle(held[k]); held[k] = 0; k++
    :: k >= points -> break
    od;
    inFlight = inFlight - points;
    column = column + points;
    points = 0;
    k = 0
  }
}

/* Looks at every state that can be reached. */
active proctype watch() {
end:
  do
#ifdef TAKE_THEN_BOOK
  /* The moment between the two is not the point of it: what is lost stays lost. */
  :: atomic { done && !LAW -> assert(LAW) }
#else
  :: atomic { !LAW -> assert(LAW) }
#endif
  :: atomic { inFlight > SENDERS * BATCH -> assert(inFlight <= SENDERS * BATCH) }
  :: atomic { done && (inFlight > 0 || nempty(queue)) -> assert(inFlight == 0 && empty(queue)) }
  od
}

active [PRODUCERS] proctype producer() {
  byte i, old;
  for (i : 1 .. POINTS) {
    d_step {
      if
      :: closed ->
         settle(pushed);
         shutdown++
      :: !closed && full(queue) ->
         queueFull++;
#ifdef DROP_NEWEST
         leave(pushed);
         settle(pushed)
#else
         queue ? old;
         leave(old);
         settle(old);
         old = 0;
         queue ! pushed
#endif
      :: !closed && nfull(queue) ->
         queue ! pushed
      fi;
      pushed++
    }
  }
}

active [SENDERS] proctype sender() {
  byte held[BATCH];
  byte points, k;
  byte me = _pid - 1 - PRODUCERS;

  do
  :: interrupted[me] -> break /* while it waits for points */
  :: nempty(queue) ->
#ifdef TAKE_THEN_BOOK
     queue ? held[0];
     if
     :: interrupted[me] -> break
     :: true
     fi;
     d_step { leave(held[0]); points = 1; inFlight++ };
#else
     d_step {
       do
       :: points < BATCH && nempty(queue) ->
          queue ? held[points];
          leave(held[points]);
          points++;
          inFlight++
       :: points == BATCH || empty(queue) -> break
       od
     };
#endif
     if
     :: settleHeld(sent)
     :: settleHeld(sendError)
     :: interrupted[me] -> /* in the middle of the send, which may also have hung until then */
#ifdef FORGET_HELD
        inFlight = inFlight - points;
#else
        settleHeld(shutdown);
#endif
#ifdef SETTLE_TWICE
        shutdown++;
#endif
        break
#ifndef NO_HANGS
     :: true ->
        interrupted[me];
        settleHeld(shutdown);
        break
#endif
     fi
  od;
  ended++
}

active proctype close() {
  byte i, old;
  /* At any time, also before the producers are at their end. */
  closed = true;
  /* It drains, but only until the deadline, which may be there in any state. */
  if
  :: empty(queue) && inFlight == 0
#ifndef NO_DEADLINE
  :: true
#endif
  fi;
  for (i : 0 .. SENDERS - 1) {
    interrupted[i] = true
  }
  ended == SENDERS;
  d_step {
#ifndef FORGET_QUEUE
    shutdown = shutdown + len(queue);
#endif
    do
    :: nempty(queue) -> queue ? old; leave(old); settle(old)
    :: empty(queue) -> break
    od;
    done = true
  }
}

/* The close comes to its end, whatever the senders do. */
ltl ends { <> done }
