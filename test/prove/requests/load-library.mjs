/** The names of the library and of its part for @nestjs/throttler, as one. `index` is where its `index.js` is. */
export async function loadLibrary(index) {
  return { ...(await import(index)), ...(await import(new URL('throttler.js', index).href)) };
}
