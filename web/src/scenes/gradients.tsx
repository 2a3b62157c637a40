// Gradients (L23): one derivative by differences, forward mode and reverse mode, and what each of them costs.

import { Select, Slider } from '../parts/controls';
import type { Maybe, Reply } from '../protocol';
import { consult } from '../session';
import { texts } from '../text';
import { show, whole } from '../text/numbers';
import { Legend, Lines, lineFrame, lineKinds, type Line } from './chart';
import './gradients.css';
import { linkOf, links, nameOf, type Link } from './landscape';
import { Figure, Heads, Numbers, Refused, type Tick } from './parts';
import { named, number, put, start, useReply, useRested, word, type Scene } from './scene';

interface Method {
    readonly name: string;
    readonly passes: number;
    readonly additions: number;
    readonly multiplications: number;
    readonly functions: number;
    readonly operations: number;
    readonly evaluations: number;
    readonly error: Maybe;
    readonly derivative?: Maybe;
}
interface Comparison {
    readonly network: string;
    readonly parameters: number;
    readonly operations: number;
    readonly methods: readonly Method[];
}
interface Gradients extends Reply {
    readonly weight: number;
    readonly exact: number;
    readonly present: Comparison;
    readonly growth: readonly Comparison[];
}

const own = texts({
    text1: 'How much does the cost change with a weight? Differences try it out: the cost with a little more, less the cost with a little less. Forward mode carries a derivative beside every value, for one weight at a time. Reverse mode walks the graph back once and has all of them.',
    text2: 'P weights: differences take 2P evaluations (4P for five points), forward mode P walks, reverse mode one walk there and one back. That is why networks of billions of weights can learn at all.',
    'try-double': 'Twice as many hidden units, and again: which lines climb?',
    'try-tiny': 'A step of 10⁻¹²: the difference drowns in rounding',
    'try-step': 'The best step for a central difference',
    ask: 'A network with twice as many weights. All derivatives by reverse mode cost, in evaluations of the cost,',
    same: 'about as much as before',
    double: 'about twice as much',
    four: 'about four times as much',
    because:
        'One evaluation has itself become twice as long. Reverse mode is a small number of evaluations, whatever the number of weights: the cheap gradient. All other methods need some number of evaluations for each weight.',
    'note-1':
        'Reverse mode has a price: all values of the way forward are kept until the way back has used them. Forward mode keeps nothing.',
    'note-2':
        'The V of the last picture: to the left rounding, to the right the bend of the curve. Its lowest point is why h is 10⁻⁵ or so in gradient checks.',
    weight: 'Weight',
    widest: 'Hidden units of the largest network',
    h: 'Step h',
    method: 'Method',
    value: 'Derivative',
    passes: 'Walks',
    evaluations: 'In evaluations',
    operations: 'Operations',
    error: 'Error',
    two: 'two-point differences',
    five: 'five-point differences',
    forward: 'forward mode',
    reverse: 'reverse mode',
    growth: 'Operations for all derivatives, by the number of weights',
    parameters: 'weights',
    steps: 'How far a difference is from the exact derivative, by its step',
    step: 'h',
    off: 'error',
    oneSided: 'one-sided: (L(w + h) − L(w))/h',
    central: 'central: (L(w + h) − L(w − h))/2h',
    here: 'Central difference with h = {h}: off by',
    network: 'Network',
    w: 'w',
    exact: '∂L/∂w, reverse mode',
    count: '{network}, {count} weights and biases, {operations} operations for one cost',
});

const names = ['two', 'five', 'forward', 'reverse'] as const;
const FIRST: Link = [0, 0, 0];
const widestOf = () => Math.round(number('widest', 4));
/** 2-1-1, 2-2-1, 2-4-1 …: hidden units doubled so often. */
const networks = () => Array.from({ length: widestOf() + 1 }, (_, k) => `2-${2 ** k}-1`);
const asked = () => ({ do: 'gradients', networks: networks(), weight: [...linkOf(word('weight', ''), FIRST)] });

const powers = (low: number, high: number, every = 1): Tick[] =>
    Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, k) => {
        const power = low + k * every;
        const digits = String(power).replace(/./g, digit => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]!));
        return [power, power === 0 ? '1' : power === 1 ? '10' : `10${digits}`];
    });

function Picture() {
    const { reply, refused } = useReply<Gradients>(asked(), useRested());
    if (reply === undefined) return <Refused text={refused} />;
    const { present, growth, weight, exact } = reply.header;
    const block = reply.blocks['steps'] as Float64Array;
    const steps = Array.from({ length: block.length / 3 }, (_, k) => block.subarray(3 * k, 3 * k + 3));
    const at = Math.min(steps.length - 1, Math.max(0, Math.round(number('h', 9))));
    const log = (value: number) => Math.log10(Math.max(value, 1e-17));
    const grown: Line[] = names.map((name, k) => ({
        name: own(name),
        kind: lineKinds[k]!,
        xs: growth.map(one => log(one.parameters)),
        ys: growth.map(one => log(one.methods[k]!.operations)),
    }));
    const most = Math.max(...growth.flatMap(one => one.methods.map(method => method.operations)));
    const grownFrame = lineFrame(
        { x: [0.5, Math.max(1, log(growth.at(-1)!.parameters)) + 0.1], y: [1, Math.ceil(log(most))] },
        620,
        330,
    );
    const errors: Line[] = (['oneSided', 'central'] as const).map((name, k) => ({
        name: own(name),
        kind: lineKinds[k]!,
        xs: steps.map(step => log(step[0]!)),
        ys: steps.map(step => log(step[k + 1]!)),
    }));
    const errorFrame = lineFrame({ x: [-13, 0], y: [-16, 0] }, 620, 300);
    return (
        <>
            <Refused text={refused} />
            <div class="figures">
                <Figure name={own('w')} testid="gradients-weight-value">
                    {show(weight)}
                </Figure>
                <Figure name={own('exact')} testid="gradients-exact">
                    {show(exact, 6)}
                </Figure>
            </div>
            <p class="note" data-testid="gradients-network">
                {own('count', { network: present.network, count: present.parameters, operations: present.operations })}
            </p>
            <div class="scroll-x" tabIndex={0} role="region" aria-label={own('method')}>
                <table class="gradient-table" data-testid="gradients-table">
                    <Heads
                        columns={(['method', 'value', 'passes', 'operations', 'evaluations', 'error'] as const).map(
                            name => own(name),
                        )}
                    />
                    <tbody>
                        {present.methods.map((method, k) => (
                            <tr key={k}>
                                <th scope="row">{own(names[k]!)}</th>
                                <td data-testid={`gradients-${names[k]!}`}>{show(method.derivative ?? NaN, 12)}</td>
                                <td>{whole(method.passes)}</td>
                                <td>{whole(method.operations)}</td>
                                <td>{show(method.evaluations, 3)}</td>
                                <td>{show(method.error ?? NaN, 3)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            <div class="side-by-side">
                <div class="stack">
                    <p class="caption">{own('growth')}</p>
                    <Lines
                        lines={grown}
                        frame={grownFrame}
                        label={own('growth')}
                        x={own('parameters')}
                        y={own('operations')}
                        testid="gradients-growth"
                        scale={{ x: powers(1, 3), y: powers(1, Math.ceil(log(most))) }}
                    >
                        <g class="gradient-dots">
                            {grown.flatMap(line =>
                                Array.from(line.xs, (x, k) => (
                                    <circle
                                        key={`${line.name}-${k}`}
                                        cx={grownFrame.px(x)}
                                        cy={grownFrame.py(line.ys[k]!)}
                                        r={3.4}
                                    />
                                )),
                            )}
                        </g>
                    </Lines>
                    <Legend lines={grown} />
                    <p class="caption">{own('steps')}</p>
                    <Lines
                        lines={errors}
                        frame={errorFrame}
                        label={own('steps')}
                        x={own('step')}
                        y={own('off')}
                        testid="gradients-steps"
                        scale={{ x: powers(-12, 0, 3), y: powers(-15, 0, 3) }}
                        onPlace={x => put({ h: Math.round(-2 * x) - 1 })}
                    >
                        <path
                            class="drop"
                            d={`M${errorFrame.px(log(steps[at]![0]!))} ${errorFrame.py(-16)}V${errorFrame.py(0)}`}
                        />
                    </Lines>
                    <Legend lines={errors} />
                </div>
                <div class="stack">
                    <Select
                        label={own('weight')}
                        testid="gradients-weight"
                        value={nameOf(linkOf(word('weight', ''), FIRST))}
                        options={links().map(one => ({ value: one.name, text: one.text }))}
                        onPick={name => put({ weight: name })}
                    />
                    <Slider
                        label={own('widest')}
                        testid="gradients-widest"
                        value={widestOf()}
                        min={2}
                        max={5}
                        step={1}
                        show={power => whole(2 ** power)}
                        onSet={widest => put({ widest })}
                    />{' '}
                    {/* prettier-ignore */}
                    <Slider label={own('h')} testid="gradients-h" value={at} min={0} max={steps.length - 1} step={1} show={k => show(steps[k]![0]!, 2)} onSet={h => put({ h })} />{' '}
                    {/* prettier-ignore */}
                    <Figure name={own('here', { h: show(steps[at]![0]!, 2) })} testid="gradients-off">
                        {show(steps[at]![2]!, 3)}
                    </Figure>
                    <Numbers
                        testid="gradients-numbers"
                        columns={[own('network'), own('parameters'), ...names.map(name => own(name))]}
                        rows={growth.map(one => [one.network, String(one.parameters), ...one.methods.map(method => whole(method.operations))])} // prettier-ignore
                    />
                    <Numbers
                        testid="gradients-errors"
                        columns={[own('h'), own('oneSided'), own('central')]}
                        rows={steps.map(step => [show(step[0]!, 2), step[1]!, step[2]!])}
                    />
                </div>
            </div>
        </>
    );
}

/** The step at which the engine's central difference is nearest. */
async function bestStep(): Promise<void> {
    const { blocks } = await consult<Gradients>({ ...asked(), networks: [] });
    const steps = blocks['steps'] as Float64Array;
    let best = 0;
    for (let k = 0; k < steps.length / 3; k++) if (steps[3 * k + 2]! < steps[3 * best + 2]!) best = k;
    put({ h: best });
}

const scene: Scene = {
    begin: { data: 'circle', rows: 100, train: 1, layers: '4', learningRate: 0.1 },
    trains: true,
    wants: { measures: true },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'double', text: () => own('try-double'), press: () => put({ widest: 5 }) },
        { name: 'tiny', text: () => own('try-tiny'), press: () => put({ h: 23 }) },
        { name: 'step', text: () => own('try-step'), press: bestStep },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'same', 'double', 'four'),
        run: async () => {
            start({ widest: 5 });
            const { header } = await consult<Gradients>({ do: 'gradients', networks: ['2-8-1', '2-16-1'] });
            const [before, after] = header.growth.map(one => one.methods[3]!.evaluations) as [number, number];
            const ratio = after / before;
            return ratio < 1.5 ? 'same' : ratio < 3 ? 'double' : 'four';
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
