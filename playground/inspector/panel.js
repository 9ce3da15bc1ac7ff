// Counts the deadlines down, and shows what each new request did.
const panel = document.querySelector("main");

function countDown() {
  for (const row of panel.querySelectorAll("dl > div")) {
    const time = row.querySelector("time");
    if (time === null) continue;
    const left = Math.max(0, Date.parse(time.dateTime) - Date.now());
    row.querySelector("progress").value = left;
    time.textContent = inWords(left);
  }
}

function inWords(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  return `${Math.floor(seconds / 86_400)}d ${parts.map((part) => String(part).padStart(2, "0")).join(":")}`;
}

async function refresh() {
  if (document.hidden) return;
  const { version } = panel.dataset;
  const response = await fetch(`/_inspector/requests?since=${encodeURIComponent(version)}`);
  if (response.status !== 200) return;
  const shown = new Map([...panel.querySelectorAll("details")].map(({ dataset, open }) => [dataset.key, open]));
  panel.innerHTML = await response.text();
  panel.dataset.version = response.headers.get("x-version");
  for (const details of panel.querySelectorAll("details")) details.open = shown.get(details.dataset.key) ?? details.open;
  countDown();
}

setInterval(countDown, 1000);
// The server may be stopped and started again meanwhile.
setInterval(() => refresh().catch(() => undefined), 1000);
