/** What the text format of Prometheus is served as. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
