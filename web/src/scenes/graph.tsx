// Graph (L23): the computational graph of the present network and one example, values forward, derivatives backward.

import { useRef } from 'preact/hooks';
import { Button, Check, Slider } from '../parts/controls';
import type { Maybe, Reply } from '../protocol';
import { consult, state } from '../session';
import { texts } from '../text';
import { show } from '../text/numbers';
import './graph.css';
import { layout, type Placed } from './graph-layout';
import { Numbers, Refused } from './parts';
import { named, number, put, start, useReply, useRested, word, type Scene } from './scene';

export interface GraphNode {
    readonly id: number;
    readonly name: string;
    readonly operation: string;
    readonly formula: string;
    readonly layer: number;
    readonly kind: 'input' | 'weight' | 'constant' | 'value';
    readonly value: readonly (readonly Maybe[])[];
    readonly derivative: readonly (readonly Maybe[])[] | null;
    readonly from: readonly number[];
}
interface Graph extends Reply {
    readonly nodes: readonly GraphNode[];
    readonly cost: Maybe;
    readonly layers: number;
}

const own = texts({
    text1: 'A network is a formula, and a formula is a graph: each node takes what its arrows bring and makes one thing of it. Forward, values go along the arrows to the cost L. Backward, each node knows how much L would change with it, and passes that on to what it was made from: one multiplication by its own slope. That is backpropagation.',
    text2: 'A node is a row or a matrix. Expand a layer to see every single number in it.',
    'try-expand': 'Expand the first layer: products, sums and φ of single numbers',
    'try-walk': 'Begin with the inputs alone, and go forward node by node',
    'try-back': 'All values are there: now go backward from the cost',
    ask: 'A value is used by two nodes further on. The derivative of L by it is',
    sum: 'the sum of what both send back',
    larger: 'the larger of both',
    product: 'the product of both',
    because:
        'A little more of the value changes L along both arrows, and small changes add up. Here the output of a hidden layer was taken apart: what comes back to each number is the sum over all arrows that leave it.',
    'note-1':
        'Forward every node once, backward every node once: the price of all derivatives is a few evaluations, however many weights there are. The next scene counts.',
    'note-2':
        'Choose a weight, read its derivative, then go to the playground: the same number stands at that link for this example.',
    drawing: 'The computational graph, from the inputs to the cost',
    expand: 'Expand layer {k}',
    row: 'Example',
    walk: 'How far',
    back: 'One node back',
    next: 'Next node',
    all: 'All of it',
    value: 'Value',
    derivative: '∂L by it',
    given: 'given',
    weight: 'learned',
    constant: 'a constant',
    ofLayer: 'layer {k}',
    cost: 'cost',
    inputs: 'inputs',
    forward: 'Forward: {done} of {count} values',
    backward: 'Backward: {done} of {count} derivatives',
    name: 'Node',
    formula: 'Made of',
});

const expanded = (): readonly number[] =>
    word('open', '')
        .split('_')
        .filter(text => /^\d+$/.test(text))
        .map(Number)
        .filter(layer => layer < (state.value?.network.layers.length ?? 0));

const label = (node: GraphNode) => (node.name !== '' ? node.name : node.operation.toLowerCase());
const scalar = (matrix: readonly (readonly Maybe[])[]) => (matrix.length === 1 && matrix[0]!.length === 1 ? matrix[0]![0]! : undefined); // prettier-ignore
const brief = (matrix: readonly (readonly Maybe[])[]) => {
    const one = scalar(matrix);
    if (one !== undefined) return show(one, 4);
    if (matrix.length === 1 && matrix[0]!.length <= 3) return `(${matrix[0]!.map(x => show(x ?? NaN, 2)).join(', ')})`;
    return `${matrix.length} × ${matrix[0]!.length}`;
};

function Picture() {
    const rows = state.value?.data.rows ?? 1;
    const row = Math.min(rows - 1, Math.max(0, Math.round(number('row', 0))));
    const { reply, refused } = useReply<Graph>({ do: 'graph', row, expand: [...expanded()] }, useRested());
    const nodes = reply?.header.nodes;
    if (nodes === undefined) return <Refused text={refused} />;
    const layers = reply!.header.layers;
    const computed = nodes.filter(node => node.kind === 'value').map(node => node.id);
    const slopes = nodes.filter(node => node.derivative !== null).map(node => node.id);
    const total = computed.length + slopes.length;
    const walk = Math.min(total, Math.max(0, Math.round(number('walk', total))));
    const forward = Math.min(computed.length, walk);
    const known = (node: GraphNode) => node.kind !== 'value' || computed.indexOf(node.id) < forward;
    // Backward in the opposite order: a node's derivative is whole once all that use it have passed theirs on.
    const returned = (node: GraphNode) =>
        node.derivative !== null && slopes.length - slopes.indexOf(node.id) <= walk - forward;
    const chosen = nodes[Math.min(nodes.length - 1, Math.max(0, Math.round(number('node', nodes.length - 1))))]!;
    return (
        <>
            <Refused text={refused} />
            <div class="row">
                <Button
                    icon="back"
                    wide
                    label={own('back')}
                    testid="graph-back"
                    disabled={walk === 0}
                    onPress={() => put({ walk: walk - 1 })}
                />{' '}
                {/* prettier-ignore */}
                <Button icon="step" wide label={own('next')} testid="graph-next" disabled={walk === total} onPress={() => put({ walk: walk + 1 })} />{' '}
                {/* prettier-ignore */}
                <Button label={own('all')} testid="graph-all" onPress={() => put({ walk: undefined })} />
                {Array.from({ length: layers }, (_, k) => (
                    <Check
                        key={k}
                        label={own('expand', { k: k + 1 })}
                        testid={`graph-expand-${k}`}
                        on={expanded().includes(k)}
                        onSet={on => {
                            const next = on ? [...expanded(), k] : expanded().filter(one => one !== k);
                            put({ open: next.sort().join('_') || undefined, node: undefined, walk: undefined });
                        }}
                    />
                ))}
            </div>
            <p class="story" role="status" data-testid="graph-story">
                {walk <= computed.length
                    ? own('forward', { done: forward, count: computed.length })
                    : own('backward', { done: walk - forward, count: slopes.length })}
            </p>
            <Drawing nodes={nodes} layers={layers} chosen={chosen.id} known={known} returned={returned} />
            <section class="graph-node" data-testid="graph-node">
                <h3>
                    {label(chosen)}
                    {chosen.formula !== '' && ` = ${chosen.formula}`}
                </h3>
                <p class="note">{note(chosen, layers)}</p>
                <div class="graph-matrices">
                    <Matrix name={own('value')} testid="graph-value" of={known(chosen) ? chosen.value : undefined} />
                    {chosen.derivative !== null && (
                        <Matrix
                            name={own('derivative')}
                            testid="graph-derivative"
                            of={returned(chosen) ? chosen.derivative : undefined}
                        />
                    )}
                </div>
            </section>
            <div class="controls-grid">
                <Slider
                    label={own('row')}
                    testid="graph-row"
                    value={row}
                    min={0}
                    max={rows - 1}
                    step={1}
                    show={String}
                    onSet={value => put({ row: value })}
                />{' '}
                {/* prettier-ignore */}
                <Slider label={own('walk')} testid="graph-walk" value={walk} min={0} max={total} step={1} show={value => `${value}/${total}`} onSet={value => put({ walk: value })} />{' '}
                {/* prettier-ignore */}
            </div>
            <Numbers
                testid="graph-numbers"
                columns={[own('name'), own('formula'), own('value'), own('derivative')]}
                rows={nodes.map(node => [
                    label(node),
                    node.formula,
                    known(node) ? flat(node.value) : '?',
                    node.derivative === null ? null : returned(node) ? flat(node.derivative) : '?',
                ])}
                most={600}
            />
        </>
    );
}

const flat = (matrix: readonly (readonly Maybe[])[]) =>
    matrix.map(row => row.map(value => show(value ?? NaN)).join('  ')).join(' ; ');

const note = (node: GraphNode, layers: number) =>
    node.kind === 'input'
        ? own('given')
        : node.kind === 'constant'
          ? own('constant')
          : `${node.layer === layers ? own('cost') : node.layer < 0 ? own('inputs') : own('ofLayer', { k: node.layer + 1 })}${node.kind === 'weight' ? `, ${own('weight')}` : ''}`;

function Matrix({
    name,
    of,
    testid,
}: {
    readonly name: string;
    readonly of: readonly (readonly Maybe[])[] | undefined;
    readonly testid: string;
}) {
    return (
        <div>
            <p class="figure-name">{name}</p>
            {of === undefined ? (
                <p data-testid={testid}>?</p>
            ) : (
                <table data-testid={testid}>
                    <tbody>
                        {of.map((row, i) => (
                            <tr key={i}>
                                {row.map((value, j) => (
                                    <td key={j}>{show(value ?? NaN)}</td>
                                ))}
                            </tr>
                        ))}
                    </tbody>
                </table>
            )}
        </div>
    );
}

const BOX = { width: 136, height: 56, across: 170, down: 70 } as const;

/** One stop of the keyboard: ← → go through the nodes in the order of evaluation, and choose. */
function Drawing({
    nodes,
    layers,
    chosen,
    known,
    returned,
}: {
    readonly nodes: readonly GraphNode[];
    readonly layers: number;
    readonly chosen: number;
    readonly known: (node: GraphNode) => boolean;
    readonly returned: (node: GraphNode) => boolean;
}) {
    const group = useRef<SVGGElement>(null);
    const places = layout(nodes);
    const [columns, lines] = places.reduce(([x, y], p) => [Math.max(x, p.column), Math.max(y, p.line)], [0, 0]);
    const [width, height] = [(columns + 1) * BOX.across + 16, (lines + 1) * BOX.down + 44];
    const at = (place: Placed) => [12 + place.column * BOX.across, 34 + place.line * BOX.down] as const;
    const choose = (id: number) => {
        put({ node: id });
        group.current?.querySelector<SVGElement>(`[data-testid="graph-node-${id}"]`)?.focus();
    };
    const titles = new Map<string, [number, number]>();
    nodes.forEach((node, k) => {
        if (node.kind !== 'value') return;
        const name = node.layer === layers ? own('cost') : own('ofLayer', { k: node.layer + 1 });
        const [x] = at(places[k]!);
        const [low, high] = titles.get(name) ?? [Infinity, 0];
        titles.set(name, [Math.min(low, x), Math.max(high, x + BOX.width)]);
    });
    return (
        <div class="graph-box">
            <svg
                class="graph-drawing"
                width={width}
                height={height}
                viewBox={`0 0 ${width} ${height}`}
                role="group"
                aria-label={own('drawing')}
                data-testid="graph-drawing"
            >
                {[...titles].map(([name, [low, high]]) => (
                    <text key={name} class="layer" x={(low + high) / 2} y={17} text-anchor="middle">
                        {name}
                    </text>
                ))}
                <g aria-hidden="true">
                    {nodes.flatMap((node, k) =>
                        node.from.map(from => {
                            const [x0, y0] = at(places[from]!);
                            const [x1, y1] = at(places[k]!);
                            const [sx, sy, ex, ey] = [x0 + BOX.width, y0 + BOX.height / 2, x1, y1 + BOX.height / 2];
                            const bend = Math.max(18, (ex - sx) / 2);
                            return (
                                <path
                                    key={`${from}-${k}`}
                                    class={from === chosen || k === chosen ? 'edge chosen' : 'edge'}
                                    d={`M${sx} ${sy}C${sx + bend} ${sy} ${ex - bend} ${ey} ${ex} ${ey}`}
                                />
                            );
                        }),
                    )}
                </g>
                <g ref={group}>
                    {nodes.map((node, k) => {
                        const [x, y] = at(places[k]!);
                        const value = known(node) ? brief(node.value) : '?';
                        const slope = node.derivative === null ? '' : returned(node) ? brief(node.derivative) : '?';
                        return (
                            <g
                                key={node.id}
                                class={`node ${node.kind}${node.id === chosen ? ' chosen' : ''}`}
                                role="button"
                                tabindex={node.id === chosen ? 0 : -1}
                                aria-pressed={node.id === chosen}
                                data-testid={`graph-node-${node.id}`}
                                onClick={() => choose(node.id)}
                                onKeyDown={event => {
                                    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
                                    if (by === undefined) return;
                                    event.preventDefault();
                                    event.stopPropagation();
                                    choose((node.id + by + nodes.length) % nodes.length);
                                }}
                            >
                                <rect x={x} y={y} width={BOX.width} height={BOX.height} rx={7} />
                                <text class="name" x={x + 8} y={y + 17}>
                                    {label(node)}
                                </text>{' '}
                                <text x={x + 8} y={y + 33}>
                                    {value}
                                </text>{' '}
                                <text class="slope" x={x + 8} y={y + 49}>
                                    {slope === '' ? '' : `∂ ${slope}`}
                                </text>
                            </g>
                        );
                    })}
                </g>
            </svg>
        </div>
    );
}

/** Whether what comes back to a number that several nodes use is the sum over them: both sides are the engine's. */
async function whatComesBack(): Promise<string> {
    start({ open: '0_1' });
    const { header } = await consult<Graph>({ do: 'graph', row: 0, expand: [0, 1] });
    const nodes = header.nodes;
    const slope = (node: GraphNode) => scalar(node.derivative ?? [[null]]) ?? NaN;
    // One input of the first layer; each product x·w that uses it sends back w times its own derivative.
    const input = nodes.find(node => node.operation === 'Element' && node.layer === 0)!;
    const sent = nodes
        .filter(node => node.operation === 'Multiply' && node.from.includes(input.id))
        .map(node => slope(node) * (scalar(nodes[node.from.find(id => id !== input.id)!]!.value) ?? NaN));
    put({ node: input.id });
    const near = (value: number) => Math.abs(value - slope(input)) < 1e-9;
    if (near(sent.reduce((a, b) => a + b, 0))) return 'sum';
    if (near(Math.max(...sent))) return 'larger';
    return near(sent.reduce((a, b) => a * b, 1)) ? 'product' : 'none';
}

const scene: Scene = {
    begin: { data: 'circle', rows: 100, train: 1, layers: '3', learningRate: 0.1 },
    trains: true,
    wants: { measures: true },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'expand', text: () => own('try-expand'), press: () => start({ open: '0' }) },
        { name: 'walk', text: () => own('try-walk'), press: () => start({ walk: 0 }) },
        {
            name: 'back',
            text: () => own('try-back'),
            press: async () => {
                const { header } = await consult<Graph>({ do: 'graph', row: 0, expand: [] });
                start({ walk: header.nodes.filter(node => node.kind === 'value').length });
            },
        },
    ],
    question: { text: () => own('ask'), options: named(own, 'sum', 'larger', 'product'), run: whatComesBack, because: () => own('because') }, // prettier-ignore
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
