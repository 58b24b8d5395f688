/** A number of things, each called by `noun`: `1 worker`, `2 workers`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
