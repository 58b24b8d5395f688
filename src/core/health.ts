/** Whether an instance wants traffic, in a word: what a load balancer in front of it should know. */
export type Health = 'ok' | 'starting' | 'no worker ready' | 'stopping';
