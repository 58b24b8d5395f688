/** A promise that its owner settles; later attempts to settle it do nothing. (`Promise.withResolvers` needs Node 22.) */
export class Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;

  constructor() {
    let settle!: { resolve: (value: T) => void; reject: (reason: Error) => void };
    this.promise = new Promise<T>((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.resolve = settle.resolve;
    this.reject = settle.reject;
    // Whoever awaits the promise still sees the rejection; nobody having to await it is the point.
    this.promise.catch(() => {});
  }
}
