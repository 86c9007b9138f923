/* Charts in the colours of the theme: <canvas data-chart="id of a json_script">.

   The data is {"type": "bar", "labels": [...], "series": [{"label": "Sent",
   "tone": "accent", "data": [...]}]}; tone as for badges. Bars may be "stacked" or lie
   "across", a series may be "dashed", numbers may have a "unit". */
const colour = (name) => {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

function dataset({ label, data, tone, dashed }, type) {
  const shade = colour(`fill-${tone || "neutral"}`);
  return {
    label,
    data,
    backgroundColor: shade,
    borderColor: shade,
    borderDash: dashed ? [6, 4] : [],
    borderRadius: type === "bar" ? 4 : 0,
    borderWidth: type === "line" ? 2 : 0,
    maxBarThickness: 36,
    pointRadius: 0,
    tension: 0.3,
  };
}

function amounts(quiet, unit) {
  if (!unit) return { ...quiet, precision: 0 };
  return { ...quiet, callback: (value) => `${Number(value.toFixed(2))}${unit}` };
}

function options({ stacked = false, unit = "", across = false }) {
  const quiet = { color: colour("muted"), font: { family: "Inter", size: 12 } };
  const grid = { color: colour("line") };
  const skip = across ? { autoSkip: false } : { maxRotation: 0, autoSkipPadding: 12 };
  const names = { stacked, ticks: { ...quiet, ...skip }, grid: { display: false }, border: grid };
  const numbers = { stacked, ticks: amounts(quiet, unit), grid, border: { display: false }, beginAtZero: true };
  return {
    indexAxis: across ? "y" : "x",
    maintainAspectRatio: false,
    animation: false,
    interaction: { mode: "index", intersect: false, axis: across ? "y" : "x" },
    plugins: {
      legend: { position: "bottom", labels: { ...quiet, boxWidth: 10, boxHeight: 10 } },
      tooltip: { callbacks: { label: ({ dataset, formattedValue }) => `${dataset.label}: ${formattedValue}${unit}` } },
    },
    scales: across ? { x: numbers, y: names } : { x: names, y: numbers },
  };
}

function draw(canvas) {
  const source = document.getElementById(canvas.dataset.chart);
  const { type, labels, series, ...look } = JSON.parse(source.textContent);
  Chart.getChart(canvas)?.destroy();
  const datasets = series.map((one) => dataset(one, type));
  new Chart(canvas, { type, data: { labels, datasets }, options: options(look) });
}

function drawAll() {
  for (const canvas of document.querySelectorAll("canvas[data-chart]")) draw(canvas);
}

/* What is swapped elsewhere on the page leaves the charts that stand. */
function drawNew() {
  for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
    if (!Chart.getChart(canvas)) draw(canvas);
  }
}

document.addEventListener("htmx:afterSettle", drawNew);
document.addEventListener("themechange", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
drawAll();
