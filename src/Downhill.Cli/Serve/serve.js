"use strict";
const form = document.getElementById("form"), row = document.getElementById("row"), said = document.getElementById("said");
const bars = document.getElementById("bars"), command = document.getElementById("command"), reply = document.getElementById("reply");
const pad = document.getElementById("pad");
let last = 0;

// The fields (or the picture) as the row that is sent: what is typed there is what a program sends.
function fromFields() {
  const values = pad ? [...ink] : Object.fromEntries([...form.elements].filter(e => e.name).map(e =>
    [e.name, e.tagName === "SELECT" ? (e.value === "" ? null : e.value.slice(1)) : e.value === "" ? null : Number(e.value)]));
  row.value = JSON.stringify(values, null, pad ? 0 : 1);
  ask();
}

async function ask() {
  const turn = ++last, text = row.value;
  command.textContent = `curl ${location.host}/predict --json '${text.replace(/\s+/g, " ").replaceAll("'", "'\\''")}'`;
  let answer;
  try {
    const response = await fetch("/predict", { method: "POST", headers: { "Content-Type": "application/json" }, body: text });
    answer = await response.json();
  } catch {
    answer = { error: "The server does not answer: is it still running?" };
  }
  if (turn === last) show(answer); // not an answer that was overtaken
}

function show(answer) {
  reply.textContent = JSON.stringify(answer, null, 1);
  said.className = answer.error ? "wrong" : "";
  bars.replaceChildren();
  if (answer.error || answer.answers) {
    said.textContent = answer.error ?? `${answer.answers.length} answers`;
    return;
  }
  const shares = Object.entries(answer.probabilities ?? answer.scores ?? answer.values);
  said.textContent = answer.class ?? answer.labels?.join(", ").replace(/^$/, "none of the labels") ?? (shares.length === 1 ? `${shares[0][0]} ${number(shares[0][1])}` : "");
  if (answer.values && shares.length === 1) return;
  const largest = Math.max(...shares.map(([, value]) => Math.abs(value)), 1e-30);
  if (!answer.values && shares.length > 20) shares.sort((a, b) => b[1] - a[1]).splice(20);
  for (const [name, value] of shares) {
    const line = document.createElement("div"), bar = document.createElement("i");
    bar.style.width = `${100 * (answer.probabilities ? value : Math.abs(value) / largest)}%`;
    line.append(cell("dt", name), cell("dd", bar), cell("dd", answer.probabilities ? `${(100 * value).toFixed(1)} %` : number(value)));
    line.lastChild.className = "number";
    bars.append(line);
  }
}

function cell(tag, content) {
  const element = document.createElement(tag);
  element.append(content);
  return element;
}

const number = value => Number(value.toPrecision(5)).toString();

form.addEventListener("input", fromFields);
form.addEventListener("submit", event => { event.preventDefault(); fromFields(); });
row.addEventListener("input", ask);

// ---- A picture is drawn -------------------------------------------------------------------------------------------------
// Strokes are lists of points [x, y] in pixels of the picture; ink is from 0 to 1, row by row.

// The picture of strokes by a round brush.
function inked(strokes, width, height, radius) {
  const picture = new Array(width * height).fill(0);
  for (const points of strokes) points.forEach((to, k) => {
    const from = points[Math.max(0, k - 1)], [dx, dy] = [to[0] - from[0], to[1] - from[1]], length = dx * dx + dy * dy, reach = radius + .5;
    const end = (place, most) => Math.max(0, Math.min(most, Math.ceil(place)));
    for (let row = end(Math.min(from[1], to[1]) - reach - .5, height); row < end(Math.max(from[1], to[1]) + reach, height); row++)
      for (let column = end(Math.min(from[0], to[0]) - reach - .5, width); column < end(Math.max(from[0], to[0]) + reach, width); column++) {
        const [x, y] = [column + .5 - from[0], row + .5 - from[1]];
        const along = length === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / length));
        const ink = Math.min(1, Math.max(0, reach - Math.hypot(x - along * dx, y - along * dy)));
        picture[row * width + column] = Math.max(picture[row * width + column], ink);
      }
  });
  return picture;
}

// A drawing of any size and place as digits are prepared: the longer side of its ink as long as the box, the middle of its mass in the
// middle of a picture of so many pixels a side. MNIST has a box of 20 in 28 (LeCun, Bottou, Bengio and Haffner 1998). The lines are moved,
// not the pixels, so that they are as thick as a pen's whatever was drawn.
function asDigit(strokes, side, box) {
  const points = strokes.flat(), radius = box / 14; // MNIST's mean ink, 102 pixels a digit
  if (points.length === 0) return inked([], side, side, radius);
  const ends = most => [0, 1].map(axis => points.map(point => point[axis]).reduce((a, b) => most(a, b)));
  const [low, high] = [ends(Math.min), ends(Math.max)], longer = Math.max(high[0] - low[0], high[1] - low[1]);
  // What is hardly more than a dot stays one.
  const scale = Math.min(8, longer === 0 ? 1 : (box - 2 * radius) / longer);
  const moved = (right, down) => strokes.map(stroke => stroke.map(([x, y]) =>
    [right + scale * (x - (low[0] + high[0]) / 2), down + scale * (y - (low[1] + high[1]) / 2)]));
  let [mass, x, y] = [0, 0, 0];
  const whole = side + box; // room for the edge of the brush
  inked(moved(whole / 2, whole / 2), whole, whole, radius).forEach((ink, i) => {
    mass += ink;
    x += ink * (i % whole + .5 - whole / 2);
    y += ink * (Math.floor(i / whole) + .5 - whole / 2);
  });
  return inked(moved(side / 2 - x / mass, side / 2 - y / mass), side, side, radius);
}

let ink = [];
if (pad) {
  const seen = document.getElementById("seen"), most = Number(pad.dataset.ink), box = Number(pad.dataset.box);
  // Digits are drawn with a finer pen than the network sees.
  const { width, height } = seen ?? pad, fine = pad.width / width;
  let strokes = [];
  const paint = (canvas, shares) => {
    const context = canvas.getContext("2d"), picture = context.createImageData(canvas.width, canvas.height);
    shares.forEach((share, i) => picture.data.set([255 * share, 255 * share, 255 * share, 255], 4 * i));
    context.putImageData(picture, 0, 0);
  };
  const redraw = () => {
    const scaled = strokes.map(stroke => stroke.map(([x, y]) => [fine * x, fine * y]));
    const drawn = inked(scaled, pad.width, pad.height, seen ? pad.width / 28 : Math.max(1, pad.width / 16));
    const sent = seen ? asDigit(strokes, width, box) : drawn;
    ink = sent.map(share => Math.round(most * share));
    paint(pad, drawn);
    if (seen) paint(seen, sent);
    fromFields();
  };
  const draw = event => {
    if (!pad.hasPointerCapture(event.pointerId)) return;
    const frame = pad.getBoundingClientRect();
    const point = [(event.clientX - frame.left) / frame.width * width, (event.clientY - frame.top) / frame.height * height];
    if (event.type === "pointerdown") strokes.push([point]);
    else strokes.at(-1)?.push(point); // none after Clear
    redraw();
  };
  pad.addEventListener("pointerdown", event => { pad.setPointerCapture(event.pointerId); draw(event); });
  pad.addEventListener("pointermove", draw);
  document.getElementById("clear").addEventListener("click", () => { strokes = []; redraw(); });
  redraw();
} else fromFields();
