// Cost (L9): each example's cost as a bar, the total as their sum; squared error against cross-entropy.

import { Button, Check, Select, Slider } from '../parts/controls';
import type { Reply } from '../protocol';
import { clock, consult, edit, outputMap, reset, set, setting, state, step } from '../session';
import { texts } from '../text';
import { show } from '../text/numbers';
import { above } from './chart';
import './cost.css';
import { Figure, frameOf, Numbers, Plot, Refused } from './parts';
import { Plane } from './plane';
import { choice, named, number, put, start, useReply, word, type Scene } from './scene';

interface Costs extends Reply {
    readonly losses: readonly { readonly name: string; readonly formula: string; readonly sum: number }[];
    readonly fields?: readonly number[];
    readonly pulls?: readonly (readonly number[])[];
}
interface Example extends Reply {
    readonly inputs: readonly number[];
    readonly layers: readonly (readonly number[])[];
}

const own = texts({
    text1: 'Each example r has a cost Lʳ(θ): how far the output z is from the wanted d. Squared error is Lʳ = ½(d − z)²; cross-entropy is Lʳ = −d·ln z − (1 − d)·ln(1 − z). The total cost C(θ) = Σ Lʳ(θ) is their sum, and learning makes it small.',
    text2: 'A bar, a point and a line of arithmetic are the same example: choose one, and see it in all three. The line across a bar is what the other cost says about it.',
    'try-squared': 'Squared error for 40 epochs: which examples keep a tall bar?',
    'try-entropy': 'Cross-entropy for 40 epochs, from the same start',
    'try-wrong': 'Make the network sure, and wrong about half of them: output bias 6',
    ask: 'The network is sure of an example (z near 1) and wrong (d = 0). Which cost pulls harder at its output?',
    euclidean: 'squared error',
    entropy: 'cross-entropy',
    same: 'both the same',
    because:
        'The pull is −∂L/∂v. With squared error it is (d − z)·z(1 − z), and z(1 − z) is almost 0 where the unit is sure. With cross-entropy that factor cancels and (d − z) is left. The bars say it too: one cost ends at ½, the other has no end.',
    'note-1':
        'Say aloud that the total is a sum, not a mean. The mean is the same thing divided by the number of examples, and moves the learning rate.',
    'note-2': 'After training, press the tallest bar: it is nearly always a point on the wrong side of the border.',
    bars: 'The cost of each example',
    example: 'examples',
    cost: 'Lʳ',
    plane: 'The examples, and what the network answers',
    sum: 'The total cost, example after example: {total}',
    total: 'Total C = Σ Lʳ, {name}',
    of: 'of example {row}',
    which: 'Example',
    next: 'The tallest bar',
    measure: 'Bars show',
    train: 'Training lowers',
    sorted: 'Tallest first',
    trace: 'Example {row}',
    pull: 'pull on the output unit, −∂L/∂v: {euclidean} with squared error, {entropy} with cross-entropy',
    row: 'Example',
    output: 'z',
    target: 'd',
});

const kinds = ['euclidean', 'entropy'] as const;
const nameOf = { euclidean: 'euclidean', entropy: 'binary_cross_entropy' } as const;
const losses = [nameOf.euclidean, nameOf.entropy];
const WIDTH = 620;
const HEIGHT = 330;

function Picture() {
    const shown = choice('cost', kinds, 'euclidean');
    const k = kinds.indexOf(shown);
    const when = `${state.value?.version} ${state.value?.timeline} ${clock.value?.step}`;
    const wanted = number('row', -1);
    const { reply, refused } = useReply<Costs>({ do: 'costs', losses, ...(wanted < 0 ? {} : { row: wanted }) }, when);
    const costs = reply?.blocks[`costs${k}`] as Float64Array | undefined;
    if (reply === undefined || costs === undefined) return <Refused text={refused} />;
    const other = reply.blocks[`costs${1 - k}`] as Float64Array;
    const [rows, z, d] = [reply.blocks['rows'] as Int32Array, reply.blocks['outputs'] as Float64Array, reply.blocks['targets'] as Float64Array]; // prettier-ignore
    const both = (i: number) => (k === 0 ? [costs[i]!, other[i]!] : [other[i]!, costs[i]!]);
    const order = Array.from(costs, (_, i) => i);
    if (word('order', '') === 'sorted') order.sort((a, b) => costs[b]! - costs[a]!);
    const at = Math.max(0, rows.indexOf(wanted));
    const tallest = costs.reduce((best, cost, i) => (cost > costs[best]! ? i : best), 0);
    const frame = frameOf(
        {
            x: [0, rows.length],
            y: above(
                [...costs].map(cost => 1.5 * cost),
                8,
            ),
        },
        WIDTH,
        HEIGHT,
    );
    const choose = (row: number) => put({ row });
    const classOf = (i: number) => (d[i]! > 0.5 ? 'plus' : 'minus');
    const total = reply.header.losses[k]!.sum;
    let sum = 0;
    return (
        <>
            <Refused text={refused} />
            <div class="figures">
                {kinds.map((kind, i) => (
                    <Figure key={kind} name={own('total', { name: own(kind) })} testid={`cost-total-${kind}`}>
                        {show(reply.header.losses[i]!.sum)}
                    </Figure>
                ))}
                <Figure name={own('of', { row: rows[at]! })} testid="cost-one">
                    {show(costs[at]!)}
                </Figure>
            </div>
            <svg
                class="cost-sum"
                viewBox={`0 0 ${WIDTH} 20`}
                preserveAspectRatio="none"
                role="img"
                aria-label={own('sum', { total: show(total) })}
                data-testid="cost-sum"
            >
                {order.map(i => {
                    const from = sum;
                    sum += costs[i]!;
                    return (
                        <rect
                            key={rows[i]}
                            class={i === at ? 'chosen' : classOf(i)}
                            x={(WIDTH * from) / (total || 1)}
                            width={(WIDTH * costs[i]!) / (total || 1)}
                            height={20}
                        />
                    );
                })}
            </svg>
            <div class="side-by-side">
                <div class="stack">
                    <Plot
                        frame={frame}
                        label={own('bars')}
                        x={own('example')}
                        y={own('cost')}
                        testid="cost-bars"
                        onPlace={x => choose(rows[order[Math.min(order.length - 1, Math.max(0, Math.floor(x)))]!]!)}
                    >
                        <g class="cost-bars">
                            {order.map((i, place) => {
                                const [left, right] = [frame.px(place + 0.12), frame.px(place + 0.88)];
                                const top = Math.max(frame.py(frame.y[1]), frame.py(costs[i]!));
                                return (
                                    <g key={rows[i]}>
                                        <rect
                                            class={`bar ${i === at ? 'chosen' : classOf(i)}`}
                                            data-testid={`cost-bar-${rows[i]}`}
                                            x={left}
                                            y={Math.min(top, frame.py(0) - 1.5)}
                                            width={right - left}
                                            height={Math.max(1.5, frame.py(0) - top)}
                                        />
                                        <path class="other" d={`M${left} ${frame.py(other[i]!)}H${right}`} />
                                    </g>
                                );
                            })}
                        </g>
                    </Plot>
                    <Trace row={rows[at]!} z={z[at]!} d={d[at]!} said={reply.header} costs={both(at)} when={when} />
                </div>
                <div class="stack">
                    <Plane
                        bytes={outputMap.value?.bytes}
                        size={outputMap.value?.size ?? 50}
                        label={own('plane')}
                        testid="cost-plane"
                        selected={rows[at]!}
                        onSelect={row => rows.includes(row) && choose(row)}
                    />
                    <Slider
                        label={own('which')}
                        testid="cost-row"
                        value={order.indexOf(at)}
                        min={0}
                        max={rows.length - 1}
                        step={1}
                        show={place => String(rows[order[place]!] ?? '')}
                        onSet={place => choose(rows[order[place]!]!)}
                    />
                    <div class="row">
                        <Button label={own('next')} testid="cost-tallest" onPress={() => choose(rows[tallest]!)} />
                        <Check
                            label={own('sorted')}
                            testid="cost-sorted"
                            on={word('order', '') === 'sorted'}
                            onSet={on => put({ order: on ? 'sorted' : undefined })}
                        />
                    </div>
                    <div class="controls-grid">
                        <Select
                            label={own('measure')}
                            testid="cost-shown"
                            value={shown}
                            options={kinds.map(value => ({ value, text: own(value) }))}
                            onPick={cost => put({ cost })}
                        />
                        <Select
                            label={own('train')}
                            testid="cost-trains"
                            value={setting('loss', 'euclidean')}
                            options={kinds.map(kind => ({ value: nameOf[kind] as string, text: own(kind) }))}
                            onPick={loss => void set({ loss })}
                        />
                    </div>
                </div>
            </div>
            <Numbers
                testid="cost-numbers"
                columns={[own('row'), own('output'), own('target'), own('euclidean'), own('entropy')]}
                rows={order.map(i => [String(rows[i]), z[i]!, d[i]!, ...both(i)])}
            />
        </>
    );
}

/** The way of one example through the network, to its cost. */
function Trace({
    row,
    z,
    d,
    said,
    costs,
    when,
}: {
    readonly row: number;
    readonly z: number;
    readonly d: number;
    readonly said: Costs;
    readonly costs: readonly number[];
    readonly when: string;
}) {
    const { reply } = useReply<Example>({ do: 'inspect', what: 'example', at: { row } }, when);
    const list = (values: readonly number[]) => `(${values.map(value => show(value, 3)).join(', ')})`;
    const layers = reply?.header.layers ?? [];
    const way = reply === undefined ? '' : [list(reply.header.inputs), ...layers.slice(0, -1).map(list)].join(' → ');
    const pulls = said.pulls;
    return (
        <section class="cost-trace" aria-label={own('trace', { row })} data-testid="cost-trace">
            <h3>{own('trace', { row })}</h3>
            <p class="arithmetic-line">
                {way} → z = {show(z)}, d = {show(d)}
            </p>
            <p class="arithmetic-line" data-testid="cost-squared">
                ½·({show(d)} − {show(z)})² = {show(costs[0]!)}
            </p>
            <p class="arithmetic-line" data-testid="cost-entropy">
                {d > 0.5 ? `−ln ${show(z)}` : `−ln(1 − ${show(z)})`} = {show(costs[1]!)}
            </p>
            {pulls !== undefined && (
                <p class="note" data-testid="cost-pull">
                    {own('pull', { euclidean: show(pulls[0]![0]!), entropy: show(pulls[1]![0]!) })}
                </p>
            )}
        </section>
    );
}

async function learn(kind: (typeof kinds)[number]): Promise<void> {
    put({ cost: kind });
    await set({ loss: nameOf[kind] });
    await step('epoch', 40);
}

/** Output bias 6: every answer is near 1. Then the first example with d = 0, and the pull of both costs on it. */
async function sureAndWrong(): Promise<readonly [number, number]> {
    await reset();
    await edit((state.value?.network.layers.length ?? 1) - 1, -1, 0, 6);
    const all = await consult<Costs>({ do: 'costs', losses });
    const targets = all.blocks['targets'] as Float64Array;
    const row = (all.blocks['rows'] as Int32Array)[targets.indexOf(0)]!;
    put({ row });
    const { header } = await consult<Costs>({ do: 'costs', losses, row });
    return [header.pulls![0]![0]!, header.pulls![1]![0]!];
}

const scene: Scene = {
    begin: {
        data: 'xor',
        rows: 40,
        noise: 0.2,
        train: 1,
        layers: '3',
        output: 'sigmoid',
        loss: 'euclidean',
        learningRate: 0.3,
        batch: 5,
    },
    trains: true,
    wants: { output: 50, measures: true },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'squared', text: () => own('try-squared'), press: () => learn('euclidean') },
        { name: 'entropy', text: () => own('try-entropy'), press: () => learn('entropy') },
        { name: 'wrong', text: () => own('try-wrong'), press: sureAndWrong },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'euclidean', 'entropy', 'same'),
        run: async () => {
            start();
            const [squared, entropy] = (await sureAndWrong()).map(Math.abs) as [number, number];
            return Math.abs(squared - entropy) < 1e-3 ? 'same' : squared > entropy ? 'euclidean' : 'entropy';
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
