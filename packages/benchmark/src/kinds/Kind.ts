/**
 * Kinds of lines: the request point with one change. The cost is per byte, compared with the plain request point,
 * because a longer line may take longer.
 */
import type { LineProtocol, Point } from "efflux"
import { type Effort, measure, type Rung } from "../Measure.ts"
import { figure, type Section } from "../Report.ts"

export interface Kind {
  readonly name: string
  readonly points: ReadonlyArray<Point.Input>
  /** Options of the writer. */
  readonly options?: LineProtocol.EncodeOptions
}

/** One kind, encoded or decoded. A run processes `bytes` bytes of line protocol. */
export interface KindRung {
  readonly kind: string
  readonly bytes: number
  readonly run: () => unknown
  /** Called before each run, and not timed. */
  readonly before?: () => Promise<unknown>
  /** The figure that promises a limit for this kind, if it is not that of the others. */
  readonly figure?: string
}

/** Measures the rungs in turn. The first is the plain kind; `worst` is the largest ratio to it of a figure's kinds. */
export const measureKinds = async (
  title: string,
  note: string,
  rungs: ReadonlyArray<KindRung>,
  effort: Effort
): Promise<{ readonly section: Section; readonly worst: (figure?: string) => number }> => {
  await warm(rungs, effort)
  const measured = await measure(
    rungs.map(({ before, bytes, kind, run }, i): Rung => ({
      id: kind,
      name: kind,
      points: bytes,
      run,
      ...(before && { before }),
      reference: i === 0
    })),
    // Many short rounds spread the noise of the machine evenly over all kinds.
    effort.time === 0 ? effort : { rounds: 3 * effort.rounds, time: effort.time / 4 }
  )
  return {
    section: {
      title,
      note,
      table: {
        heads: ["", "ns a byte", "ratio"],
        rows: measured.map(({ name, nanos, ratio }) => [name, figure(nanos), ratio.toFixed(2)])
      }
    },
    worst: (figure) => Math.max(...measured.filter((_, i) => rungs[i].figure === figure).map(({ ratio }) => ratio))
  }
}

/** Runs all in turn, so that the engine has seen every kind before it optimises the code that is timed. */
export const warm = async (rungs: ReadonlyArray<Pick<Rung, "before" | "run">>, effort: Effort): Promise<void> => {
  for (let round = 0; effort.time > 0 && round < 100; round++) {
    for (const { before, run } of rungs) {
      if (before !== undefined) await before()
      run()
    }
  }
}
