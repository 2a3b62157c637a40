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

// A picture is drawn: a round brush, two pixels wide, of the most ink that the training pictures have.
let ink = [], most = 1;
if (pad) {
  const context = pad.getContext("2d");
  most = Number(pad.dataset.ink);
  const clear = () => { ink = new Array(pad.width * pad.height).fill(0); paint(); fromFields(); };
  const paint = () => {
    const picture = context.createImageData(pad.width, pad.height);
    ink.forEach((value, i) => picture.data.set([255, 255, 255, 255].map((c, k) => k < 3 ? c * value / most : c), 4 * i));
    context.putImageData(picture, 0, 0);
  };
  const draw = event => {
    if (event.buttons === 0 && event.type === "pointermove") return;
    const box = pad.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * pad.width, y = (event.clientY - box.top) / box.height * pad.height;
    const radius = Math.max(1, pad.width / 16);
    ink = ink.map((value, i) => {
      const distance = Math.hypot(i % pad.width + .5 - x, Math.floor(i / pad.width) + .5 - y);
      return Math.max(value, Math.round(most * Math.min(1, Math.max(0, radius + .5 - distance))));
    });
    paint();
    fromFields();
  };
  pad.addEventListener("pointerdown", event => { pad.setPointerCapture(event.pointerId); draw(event); });
  pad.addEventListener("pointermove", draw);
  document.getElementById("clear").addEventListener("click", clear);
  clear();
} else fromFields();
