// The neuron (L1, L2): weights, adder, bias, field, φ. Every number is on a handle, and every one comes from the engine.

import type { Reply } from '../protocol';
import { Select, Slider } from '../parts/controls';
import { Formula, FormulaText } from '../parts/math';
import { texts } from '../text';
import { show } from '../text/numbers';
import { consult } from '../session';
import { choice, named, number, put, start, useReply, type Scene } from './scene';
import { Figure, frameOf, Handle, MapPlot, Numbers, pathOf, Plot, Refused, Wide, type Frame } from './parts';

interface Neuron extends Reply {
    readonly terms: { readonly weight: number; readonly input: number; readonly product: number }[];
    readonly sum: number;
    readonly bias: number;
    readonly field: number;
    readonly output: number;
    readonly slope: number | null;
    readonly formula: string;
    readonly hasSlope: boolean;
    readonly mapScale: number;
}

const own = texts({
    text1: 'A unit weighs its inputs, adds them up and adds its bias: the induced field v. The curve φ turns v into its answer y. The bias is one more weight, on an input x₀ that is always 1.',
    text2: 'Over two inputs the answer is the same along each straight line: a unit cuts the plane, and its weights say which way.',
    'try-step': 'Take a step in place of the curve: all or nothing',
    'try-narrow': 'A Gaussian that answers near v = 2 only',
    'try-negative': 'Turn the sign of a weight and watch the border turn',
    ask: 'All weights and the bias are doubled. What happens to the border where the answer is ½?',
    stays: 'it stays, and gets steeper',
    moves: 'it moves away from the middle',
    turns: 'it turns',
    because:
        'v is doubled everywhere, so v = 0 is still where it was. Only how fast the answer changes across it is different.',
    'note-1': 'Drag the point over the plane first: one picture, one line of arithmetic.',
    'note-2':
        'Then the step: McCulloch and Pitts, 1943. Its slope is 0 wherever there is one, which is why it cannot be trained by descent; come back to that in “By hand”.',
    'note-3': 'Ask where the bias sits in the picture of the lecture: it is the weight of x₀ = 1.',
    diagram: 'The unit: inputs, weights, sum, φ, output',
    curve: 'φ over v, with its derivative dashed',
    formula: 'The formula of φ',
    map: 'The answer over the two inputs',
    kind: 'Curve φ',
    step: 'step',
    ramp: 'ramp',
    sigmoid: 'sigmoid',
    gaussian: 'Gaussian',
    tanh: 'tanh',
    relu: 'ReLU',
    noslope: 'A step has slope 0 wherever it has one: descent learns nothing through it. The perceptron’s rule does.',
    inputs: 'Inputs',
    'w-1': 'Weight W₁',
    'w-2': 'Weight W₂',
    bias: 'Bias b = W₀',
    'x-1': 'Input x₁',
    'x-2': 'Input x₂',
    'p-a': 'a: output below',
    'p-b': 'b: output above',
    'p-c': 'c: where it begins',
    'p-d': 'd: where it ends',
    'p-x': 'x: how steep',
    'p-y': 'y: shift',
    'p-z': 'z: offset',
    'p-mu': 'μ: where it is largest',
    'p-sigma': 'σ: how wide',
    point: 'Inputs at the point',
    handle: 'Handle of the curve: {what}',
    field: 'Field v',
    output: 'Answer y',
    slope: 'Slope φ′(v)',
});

type Parameter = 'a' | 'b' | 'c' | 'd' | 'x' | 'y' | 'z' | 'mu' | 'sigma';
/** The parameters of each curve with their start; the ranges are those of the sliders. */
const kinds = {
    sigmoid: { x: 1, y: 0, z: 0 },
    step: { a: 0, b: 1, c: 0 },
    ramp: { a: 0, b: 1, c: -1, d: 1 },
    gaussian: { mu: 0, sigma: 1 },
    tanh: {},
    relu: {},
} as const satisfies Record<string, Partial<Record<Parameter, number>>>;
type Kind = keyof typeof kinds;
const kindNames = Object.keys(kinds) as Kind[];
const bounds: Readonly<Record<Parameter, readonly [number, number, number]>> = {
    a: [-1, 1, 0.1],
    b: [-1, 2, 0.1],
    c: [-5, 4.9, 0.1],
    d: [-4.9, 5, 0.1],
    x: [-5, 5, 0.1],
    y: [-5, 5, 0.1],
    z: [-1, 1, 0.1],
    mu: [-4, 4, 0.1],
    sigma: [0.2, 3, 0.1],
};

const kindOf = () => choice('phi', kindNames, 'sigmoid');
const begins = (kind: Kind) => kinds[kind] as Partial<Record<Parameter, number>>;
const parameter = (name: Parameter) => number(name, begins(kindOf())[name] ?? 0);
const held = (name: Parameter, value: number) => {
    const [low, high, step] = bounds[name];
    const ceiling = name === 'c' && kindOf() === 'ramp' ? Math.min(high, parameter('d') - 0.1) : high;
    const floor = name === 'd' ? Math.max(low, parameter('c') + 0.1) : low;
    return Math.round(Math.min(ceiling, Math.max(floor, value)) / step) * step;
};
const setParameter = (name: Parameter, value: number) => put({ [name]: held(name, value) });

function activation(): string {
    const kind = kindOf();
    const named = Object.keys(begins(kind)) as Parameter[];
    return named.length === 0 ? kind : `${kind}(${named.map(name => `${name}=${parameter(name)}`).join(',')})`;
}

const weights = () => [number('w1', 1), number('w2', -1)];
const place = () => [number('x1', 2), number('x2', 1)];
const clear = Object.fromEntries(Object.keys(bounds).map(name => [name, undefined]));

const request = () => ({
    do: 'neuron',
    activation: activation(),
    inputs: place(),
    weights: weights(),
    bias: number('bias', 0.5),
});

function Picture() {
    const { reply, refused } = useReply<Neuron>(request());
    const unit = reply?.header;
    const curve = reply?.blocks['curve'] as Float64Array | undefined;
    if (unit === undefined || curve === undefined) return <Refused text={refused} />;
    const column = (k: number) => Array.from({ length: curve.length / 3 }, (_, i) => curve[3 * i + k]!);
    const [vs, ys, slopes] = [column(0), column(1), column(2)];
    const finite = [...ys, ...slopes].filter(Number.isFinite);
    const [low, high] = [Math.min(-0.25, ...finite), Math.max(1.25, ...finite)];
    const span = high - low;
    const plot = frameOf({ x: [-6, 6], y: [low - 0.04 * span, high + 0.1 * span] }, 560, 330);
    const plane = frameOf({ x: [-6, 6], y: [-6, 6] }, 380, 380);
    const [x1, x2] = place() as [number, number];
    return (
        <>
            <Refused text={refused} />
            <Wide label={own('diagram')}>
                <Diagram unit={unit} />
            </Wide>
            <Arithmetic unit={unit} />
            <div class="side-by-side">
                <figure>
                    <Plot
                        frame={plot}
                        label={own('curve')}
                        x="v"
                        y="φ(v)"
                        testid="neuron-curve"
                        above={<CurveHandles frame={plot} vs={vs} ys={ys} />}
                    >
                        {unit.hasSlope && <path class="curve second" d={pathOf(plot, vs, slopes)} />}
                        <path class="curve" d={pathOf(plot, vs, ys)} />
                        <path
                            class="drop"
                            d={`M${plot.px(unit.field)} ${plot.py(plot.y[0])}V${plot.py(unit.output)}H${plot.px(plot.x[0])}`}
                        />
                        <rect
                            class="at-point"
                            x={plot.px(unit.field) - 4.5}
                            y={plot.py(unit.output) - 4.5}
                            width={9}
                            height={9}
                        />
                    </Plot>
                    <figcaption class="caption">
                        {unit.hasSlope ? own('curve') : own('noslope')}
                        {': '}
                        <span class="scroll-x" tabIndex={0} role="region" aria-label={own('formula')}>
                            <Formula>
                                <mi>φ</mi>
                                <mo>=</mo>
                                <FormulaText text={unit.formula} />
                            </Formula>
                        </span>
                    </figcaption>
                </figure>
                <figure>
                    <MapPlot
                        bytes={reply!.blocks['map'] as Uint8Array}
                        size={50}
                        frame={plane}
                        label={own('map')}
                        x="x₁"
                        y="x₂"
                        testid="neuron-map"
                        onPlace={(x, y) => put({ x1: round(x), x2: round(y) })}
                        above={
                            <Handle
                                frame={plane}
                                x={x1}
                                y={x2}
                                label={own('point')}
                                text={`x₁ ${show(x1, 3)}, x₂ ${show(x2, 3)}`}
                                testid="neuron-point"
                                onMove={(x, y) => put({ x1: round(x), x2: round(y) })}
                                onNudge={(right, up) => put({ x1: round(x1 + right / 10), x2: round(x2 + up / 10) })}
                            />
                        }
                    />
                    <figcaption class="caption">{own('map')}</figcaption>
                </figure>
            </div>
            <Controls />
            <Numbers
                testid="neuron-numbers"
                columns={['v', 'φ(v)', 'φ′(v)']}
                rows={vs.map((v, k) => [v, ys[k]!, slopes[k]!] as const).filter((_, k) => k % 10 === 0)}
            />
        </>
    );
}

const round = (value: number) => Math.round(Math.min(6, Math.max(-6, value)) * 10) / 10;

function Controls() {
    const kind = kindOf();
    return (
        <div class="controls-grid">
            <Select
                label={own('kind')}
                testid="neuron-kind"
                value={kind}
                options={kindNames.map(value => ({ value, text: own(value) }))}
                onPick={value => put({ ...clear, phi: value })}
            />
            {(Object.keys(begins(kind)) as Parameter[]).map(name => (
                <Slider
                    key={name}
                    label={own(`p-${name}`)}
                    testid={`neuron-${name}`}
                    value={parameter(name)}
                    min={bounds[name][0]}
                    max={bounds[name][1]}
                    step={bounds[name][2]}
                    show={value => show(value, 3)}
                    onSet={value => setParameter(name, value)}
                />
            ))}
            {(
                [
                    ['w1', own('w-1'), 1, 5],
                    ['w2', own('w-2'), -1, 5],
                    ['bias', own('bias'), 0.5, 5],
                    ['x1', own('x-1'), 2, 6],
                    ['x2', own('x-2'), 1, 6],
                ] as const
            ).map(([name, label, begin, most]) => (
                <Slider
                    key={name}
                    label={label}
                    testid={`neuron-${name}`}
                    value={number(name, begin)}
                    min={-most}
                    max={most}
                    step={0.1}
                    show={value => show(value, 3)}
                    onSet={value => put({ [name]: value })}
                />
            ))}
        </div>
    );
}

/** A handle of a curve: where it sits along v, and what moving it along v and along y means. */
interface Knob {
    readonly name: string;
    readonly v: number;
    readonly along?: (v: number) => void;
    readonly up?: (y: number) => void;
    readonly nudge: (right: number, up: number) => void;
}

function knobs(): readonly Knob[] {
    const p = parameter;
    const bump = (name: Parameter, by: number) => setParameter(name, p(name) + by * bounds[name][2]);
    const level = (name: Parameter, v: number): Knob => ({
        name,
        v,
        up: y => setParameter(name, y),
        nudge: (_, up) => bump(name, up),
    });
    const along = (name: Parameter): Knob => ({
        name,
        v: p(name),
        along: v => setParameter(name, v),
        nudge: right => bump(name, right),
    });
    switch (kindOf()) {
        case 'step':
            return [level('a', -5.5), along('c'), level('b', 5.5)];
        case 'ramp':
            return (
                [
                    ['c', 'a'],
                    ['d', 'b'],
                ] as const
            ).map(([at, to]) => ({
                name: `${at}, ${to}`,
                v: p(at),
                along: v => setParameter(at, v),
                up: y => setParameter(to, y),
                nudge: (right, up) => put({ [at]: held(at, p(at) + right / 10), [to]: held(to, p(to) + up / 10) }),
            }));
        case 'sigmoid': {
            const steep = p('x') === 0 ? 0.1 : p('x');
            return [
                {
                    name: 'y, z',
                    v: p('y') / steep,
                    along: v => setParameter('y', v * steep),
                    up: y => setParameter('z', y - 0.5),
                    nudge: (right, up) => put({ y: held('y', p('y') + right / 10), z: held('z', p('z') + up / 10) }),
                },
                {
                    name: 'x',
                    v: (p('y') + 2) / steep,
                    along: v => Math.abs(v) > 0.2 && setParameter('x', (p('y') + 2) / v),
                    nudge: right => bump('x', right),
                },
            ];
        }
        case 'gaussian':
            return [
                along('mu'),
                {
                    name: 'σ',
                    v: p('mu') + p('sigma'),
                    along: v => setParameter('sigma', v - p('mu')),
                    nudge: right => bump('sigma', right),
                },
            ];
        default:
            return [];
    }
}

function CurveHandles({
    frame,
    vs,
    ys,
}: {
    readonly frame: Frame;
    readonly vs: readonly number[];
    readonly ys: readonly number[];
}) {
    return (
        <>
            {knobs()
                .filter(knob => Math.abs(knob.v) <= 6)
                .map(knob => {
                    // On the engine's curve, at its nearest point.
                    const at = vs.findIndex(v => v >= knob.v - 1e-9);
                    return (
                        <Handle
                            key={knob.name}
                            frame={frame}
                            x={knob.v}
                            y={ys[Math.max(0, at)]!}
                            label={own('handle', { what: knob.name })}
                            text={show(knob.v, 3)}
                            testid={`neuron-knob-${knob.name.replace(/\W+/g, '')}`}
                            onMove={(v, y) => {
                                knob.along?.(v);
                                knob.up?.(y);
                            }}
                            onNudge={knob.nudge}
                        />
                    );
                })}
        </>
    );
}

/** Inputs on the left, their weights on the links, the adder, φ with its own little curve, the answer. */
function Diagram({ unit }: { readonly unit: Neuron }) {
    const rows = [
        { name: 'x₀', input: 1, weight: unit.bias, product: unit.bias, label: 'W₀ = b' },
        ...unit.terms.map((term, k) => ({
            name: k === 0 ? 'x₁' : 'x₂',
            input: term.input,
            weight: term.weight,
            product: term.product,
            label: k === 0 ? 'W₁' : 'W₂',
        })),
    ];
    return (
        <svg class="neuron-diagram" viewBox="0 0 860 190" role="img" aria-label={own('diagram')}>
            {rows.map((row, k) => {
                const y = 34 + 61 * k;
                const sign = row.weight < 0 ? 'negative' : 'positive';
                return (
                    <g key={row.name}>
                        <path
                            class={`link ${sign}`}
                            d={`M150 ${y}C290 ${y} 320 95 412 95`}
                            stroke-width={Math.min(9, 1.2 + 2 * Math.abs(row.weight))}
                        />
                        <circle class="node" cx={126} cy={y} r={23} />
                        <text class="in" x={126} y={y + 5} text-anchor="middle">
                            {show(row.input, 3)}
                        </text>
                        <text class="name" x={88} y={y + 5} text-anchor="end">
                            {row.name}
                        </text>
                        <g class="tag">
                            <rect x={206} y={y + (1 - k) * 12 - 15} width={112} height={26} rx={5} />
                            <text class={sign} x={262} y={y + (1 - k) * 12 + 4} text-anchor="middle">
                                {row.label} {row.label === 'W₀ = b' ? '' : '= '}
                                {row.label === 'W₀ = b' ? `= ${show(row.weight, 3)}` : show(row.weight, 3)}
                            </text>
                        </g>
                    </g>
                );
            })}
            <circle class="node strong" cx={440} cy={95} r={30} />
            <text class="glyph" x={440} y={104} text-anchor="middle">
                Σ
            </text>
            <path class="link plain" d="M470 95H586" />
            <text class="value" x={528} y={82} text-anchor="middle">
                v = {show(unit.field)}
            </text>
            <rect class="node strong" x={588} y={65} width={60} height={60} rx={8} />
            <text class="glyph" x={618} y={104} text-anchor="middle">
                φ
            </text>
            <path class="link plain" d="M648 95H740" />
            <text class="value end" x={752} y={101}>
                y = {show(unit.output)}
            </text>
        </svg>
    );
}

function Arithmetic({ unit }: { readonly unit: Neuron }) {
    const brace = (value: number) => (value < 0 ? `(${show(value, 3)})` : show(value, 3));
    const products = unit.terms.map(term => `${brace(term.weight)}·${brace(term.input)}`);
    return (
        <>
            <p class="arithmetic-line" data-testid="neuron-arithmetic" tabIndex={0}>
                v = W₁x₁ + W₂x₂ + b = {products.join(' + ')} + {brace(unit.bias)} = {show(unit.field)}
                {'  →  '}y = φ(v) = {show(unit.output)}
            </p>
            <div class="figures">
                <Figure name={own('field')} testid="neuron-field">
                    {show(unit.field)}
                </Figure>
                <Figure name={own('output')} testid="neuron-output">
                    {show(unit.output)}
                </Figure>
                <Figure name={own('slope')} testid="neuron-slope">
                    {unit.slope === null ? '–' : show(unit.slope)}
                </Figure>
            </div>
        </>
    );
}

const scene: Scene = {
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'step', text: () => own('try-step'), press: () => put({ ...clear, phi: 'step' }) },
        {
            name: 'narrow',
            text: () => own('try-narrow'),
            press: () => put({ ...clear, phi: 'gaussian', mu: 2, sigma: 0.5 }),
        },
        { name: 'negative', text: () => own('try-negative'), press: () => put({ w1: -number('w1', 1) }) },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'stays', 'moves', 'turns'),
        run: async () => {
            // Two places on the border, before and after: the engine's answers say what became of it.
            const begin = { phi: 'sigmoid', w1: 1, w2: -1, bias: 0.5 };
            start(begin);
            const at = async (factor: number, inputs: number[]) =>
                (
                    await consult<Neuron>({
                        do: 'neuron',
                        activation: 'sigmoid',
                        inputs,
                        weights: [factor, -factor],
                        bias: 0.5 * factor,
                    })
                ).header.output;
            const border = [
                [1, 1.5],
                [-3, -2.5],
            ];
            const after = await Promise.all(border.map(place => at(2, place)));
            put({ w1: 2, w2: -2, bias: 1 });
            const on = after.map(output => Math.abs(output - 0.5) < 1e-9);
            return on.every(Boolean) ? 'stays' : on.some(Boolean) ? 'turns' : 'moves';
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2'), own('note-3')],
};
export default scene;
