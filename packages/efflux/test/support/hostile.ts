/** Objects that throw when they are read. */

/** A getter or a trap that throws. */
export const throws = (): never => {
  throw new Error("no")
}

/** An object one of whose properties throws. */
export const throwing = (property: string, object: object = {}): any =>
  Object.defineProperty(object, property, { enumerable: true, get: throws })

/** An object that throws whatever is asked of it. */
export const unreadable: any = new Proxy({ timestamp: 1n }, {
  get: throws,
  getPrototypeOf: throws,
  has: throws,
  ownKeys: throws
})

/** A proxy that was revoked. */
export const revoked = (() => {
  const { proxy, revoke } = Proxy.revocable<any>({}, {})
  revoke()
  return proxy
})()
