// Counting (L20): the learned numbers of a network, link by link.

import { useRef } from 'preact/hooks';
import type { Reply } from '../protocol';
import { Button, Check, Stepper } from '../parts/controls';
import { consult } from '../session';
import { texts } from '../text';
import { whole } from '../text/numbers';
import { Figure, Numbers, Refused, Wide } from './parts';
import { choice, put, start, useReply, word, type Scene } from './scene';

interface Count extends Reply {
    readonly network: string;
    readonly layers: {
        readonly inputs: number;
        readonly units: number;
        readonly links: number;
        readonly biases: number;
        readonly count: number;
        readonly formula: string;
    }[];
    readonly links: number;
    readonly biases: number;
    readonly total: number;
    readonly formula: string;
}

const own = texts({
    text1: 'Everything a network learns is a number on a link, or a bias of a unit. A layer has inputs × units links and one bias per unit.',
    text2: 'Where links are missing nothing is learned there: such a network is counted by its links. Press a link to take it out.',
    'try-lecture': 'The lecture’s (3-4-2) without biases: 20 links',
    'try-biases': 'With biases: 26',
    'try-sparse': 'Take out every link of the first hidden unit but one',
    ask: '(3-4-2) with biases learns 26 numbers. How many with a fifth hidden unit?',
    o30: '30',
    o32: '32',
    o33: '33',
    because:
        'The new unit has 3 links from the inputs and 1 bias, and each of the 2 outputs has one link more: 3 + 1 + 2.',
    'note-1':
        'Let them count (3-4-2) on paper first: 3·4 + 4·2, then with one more input x₀ = 1 in each layer: 4·4 + 5·2.',
    'note-2': 'Compare with the number of examples: a network with more numbers than examples can learn them by heart.',
    network: 'The network and its links',
    link: 'Link from {from} to {to}, layer {layer}: {state}',
    there: 'there',
    gone: 'taken out',
    inputs: 'Inputs',
    hidden: 'Hidden layer {k}',
    outputs: 'Outputs',
    biases: 'Biases',
    add: 'One hidden layer more',
    remove: 'One hidden layer less',
    all: 'All links back',
    total: 'Learned numbers',
    links: 'Links',
    'count-biases': 'Biases',
    layer: 'Layer',
    size: 'Inputs → units',
    formula: 'Counted',
});

const MOST_LAYERS = 4;
const MOST_UNITS = 8;

const widthsOf = () => {
    const read = word('net', '3-4-2').split('-').map(Number);
    const good = read.length >= 2 && read.length <= MOST_LAYERS + 2;
    return good && read.every(n => Number.isInteger(n) && n >= 1 && n <= MOST_UNITS) ? read : [3, 4, 2];
};
const hasBiases = () => choice('biases', ['on', 'off'], 'on') === 'on';
/** Links taken out, as `layer.from.unit`. */
const goneOf = () =>
    new Set(
        word('gone', '')
            .split('_')
            .filter(text => /^\d+\.\d+\.\d+$/.test(text)),
    );

function change(widths: readonly number[]): void {
    const kept = [...goneOf()].filter(link => {
        const [layer, from, unit] = link.split('.').map(Number) as [number, number, number];
        return layer < widths.length - 1 && from < widths[layer]! && unit < widths[layer + 1]!;
    });
    put({ net: widths.join('-'), gone: kept.join('_') || undefined });
}

function toggle(link: string): void {
    const gone = goneOf();
    if (!gone.delete(link)) gone.add(link);
    put({ gone: [...gone].join('_') || undefined });
}

function Picture() {
    const widths = widthsOf();
    const gone = goneOf();
    const { reply, refused } = useReply<Count>({
        do: 'count',
        widths,
        biases: hasBiases(),
        removed: [...gone].map(link => link.split('.').map(Number)),
    });
    const count = reply?.header;
    if (count === undefined) return <Refused text={refused} />;
    return (
        <>
            <Refused text={refused} />
            <div class="figures">
                <Figure name={own('total')} testid="count-total">
                    {whole(count.total)}
                </Figure>
                <Figure name={own('links')} testid="count-links">
                    {whole(count.links)}
                </Figure>
                <Figure name={own('count-biases')} testid="count-biases">
                    {whole(count.biases)}
                </Figure>
            </div>
            <p class="arithmetic-line" data-testid="count-formula">
                {count.formula}
            </p>
            <Wide label={own('network')}>
                <Drawing widths={widths} gone={gone} layers={count.layers} />
            </Wide>
            <div class="row count-controls">
                {widths.map((width, k) => {
                    const name =
                        k === 0 ? own('inputs') : k === widths.length - 1 ? own('outputs') : own('hidden', { k });
                    return (
                        <div class="field" key={k}>
                            <span class="field-name">{name}</span>
                            <Stepper
                                label={name}
                                testid={`count-width-${k}`}
                                value={width}
                                min={1}
                                max={MOST_UNITS}
                                onSet={to => change(widths.map((w, i) => (i === k ? to : w)))}
                            />
                        </div>
                    );
                })}
            </div>
            <div class="row">
                <Check
                    label={own('biases')}
                    testid="count-with-biases"
                    on={hasBiases()}
                    onSet={on => put({ biases: on ? undefined : 'off' })}
                />
                <Button
                    label={own('add')}
                    testid="count-add"
                    disabled={widths.length >= MOST_LAYERS + 2}
                    onPress={() => change([...widths.slice(0, -1), 3, widths.at(-1)!])}
                />
                <Button
                    label={own('remove')}
                    testid="count-remove"
                    disabled={widths.length <= 2}
                    onPress={() => change([...widths.slice(0, -2), widths.at(-1)!])}
                />
                <Button
                    label={own('all')}
                    testid="count-all"
                    disabled={gone.size === 0}
                    onPress={() => put({ gone: undefined })}
                />
            </div>
            <Numbers
                testid="count-numbers"
                columns={[own('layer'), own('size'), own('links'), own('count-biases'), own('formula')]}
                rows={count.layers.map((layer, k) => [
                    String(k + 1),
                    `${layer.inputs} → ${layer.units}`,
                    String(layer.links),
                    String(layer.biases),
                    layer.formula,
                ])}
            />
        </>
    );
}

const WIDTH = 820;
const HEIGHT = 400;

/** The links are one stop of the keyboard: arrows walk through them, Enter takes one out or puts it back. */
function Drawing({
    widths,
    gone,
    layers,
}: {
    readonly widths: readonly number[];
    readonly gone: ReadonlySet<string>;
    readonly layers: Count['layers'];
}) {
    const group = useRef<SVGGElement>(null);
    const at = (layer: number, unit: number): readonly [number, number] => [
        70 + (layer * (WIDTH - 140)) / (widths.length - 1),
        (HEIGHT - 60) * ((unit + 0.5) / widths[layer]!) + 10,
    ];
    const links = widths
        .slice(0, -1)
        .flatMap((inputs, layer) =>
            Array.from({ length: inputs }, (_, from) =>
                Array.from({ length: widths[layer + 1]! }, (_, unit) => ({ layer, from, unit })),
            ).flat(),
        );
    const focus = (to: number) => {
        const all = group.current!.querySelectorAll<SVGElement>('[role=button]');
        all[(to + all.length) % all.length]?.focus();
    };
    return (
        <svg
            class="count-drawing"
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            role="group"
            aria-label={own('network')}
            data-testid="count-network"
        >
            <g ref={group}>
                {links.map(({ layer, from, unit }, k) => {
                    const name = `${layer}.${from}.${unit}`;
                    const [x0, y0] = at(layer, from);
                    const [x1, y1] = at(layer + 1, unit);
                    const state = gone.has(name) ? own('gone') : own('there');
                    return (
                        <g
                            key={name}
                            role="button"
                            class={gone.has(name) ? 'link gone' : 'link'}
                            tabindex={k === 0 ? 0 : -1}
                            aria-pressed={!gone.has(name)}
                            aria-label={own('link', { from: from + 1, to: unit + 1, layer: layer + 1, state })}
                            data-testid={`count-link-${layer}-${from}-${unit}`}
                            onClick={() => toggle(name)}
                            onKeyDown={event => {
                                const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
                                if (by !== undefined) focus(k + by);
                                else if (event.key === 'Enter' || event.key === ' ') toggle(name);
                                else return;
                                event.preventDefault();
                                event.stopPropagation();
                            }}
                        >
                            <path class="reach" d={`M${x0} ${y0}L${x1} ${y1}`} />
                            <path d={`M${x0} ${y0}L${x1} ${y1}`} />
                        </g>
                    );
                })}
            </g>
            {widths.map((width, layer) =>
                Array.from({ length: width }, (_, unit) => {
                    const [x, y] = at(layer, unit);
                    return (
                        <g key={`${layer}-${unit}`} aria-hidden="true">
                            <circle cx={x} cy={y} r={15} />
                            {layer > 0 && hasBiases() && <rect x={x - 21} y={y + 9} width={10} height={10} rx={2} />}
                        </g>
                    );
                }),
            )}
            {layers.map((layer, k) => (
                <text key={k} x={(at(k, 0)[0] + at(k + 1, 0)[0]) / 2} y={HEIGHT - 12} text-anchor="middle">
                    {layer.formula}
                </text>
            ))}
        </svg>
    );
}

const scene: Scene = {
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'lecture', text: () => own('try-lecture'), press: () => start({ net: '3-4-2', biases: 'off' }) },
        { name: 'biases', text: () => own('try-biases'), press: () => start({ net: '3-4-2' }) },
        {
            name: 'sparse',
            text: () => own('try-sparse'),
            press: () => start({ net: '3-4-2', gone: '0.1.0_0.2.0' }),
        },
    ],
    question: {
        text: () => own('ask'),
        options: (['30', '32', '33'] as const).map(name => ({ name, text: () => own(`o${name}`) })),
        run: async () => {
            start({ net: '3-5-2' });
            const reply = await consult<Count>({ do: 'count', widths: [3, 5, 2], biases: true });
            return String(reply.header.total);
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
