const digits = (count: number, below: number): readonly string[] =>
  Array.from({ length: below }, (_, number) => String(number).padStart(count, "0"));

const TWO: readonly string[] = digits(2, 60);
const THREE: readonly string[] = digits(3, 1000);

/** What `toISOString` gives, in less than half of its time. */
export function isoTime(date: Date): string {
  const year = date.getUTCFullYear();
  if (!(year >= 1000 && year <= 9999)) return date.toISOString();
  const day = `${year}-${TWO[date.getUTCMonth() + 1]}-${TWO[date.getUTCDate()]}`;
  return `${day}T${TWO[date.getUTCHours()]}:${TWO[date.getUTCMinutes()]}:${TWO[date.getUTCSeconds()]}.${THREE[date.getUTCMilliseconds()]}Z`;
}
