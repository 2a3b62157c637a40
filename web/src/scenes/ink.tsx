// Ink (L7, L8): digits of 16 × 16 cells, ink 1 and no ink 0. Draw one, and a network says what it reads.

import { useEffect, useRef } from 'preact/hooks';
import { MapPainter } from '../draw/maps';
import { diverging } from '../look/theme';
import { Button, Check, Stepper } from '../parts/controls';
import type { Reply } from '../protocol';
import { clock, consult, measures, parameters, playing, setPlaying, state, step } from '../session';
import { texts } from '../text';
import { percent, show, whole } from '../text/numbers';
import './ink.css';
import { cellsOf, hexOf, InkPicture, Pad, SIDE, strokes } from './pad';
import { Figure, Numbers, Refused } from './parts';
import { choice, named, number, put, start, useReply, word, type Scene } from './scene';

interface Mistake {
    readonly truth: string;
    readonly answer: string;
    readonly count: number;
    readonly row: number;
}

interface Ink extends Reply {
    readonly box: readonly number[] | null;
    readonly answer: string;
    readonly truth?: string;
    readonly mistakes?: readonly Mistake[];
    readonly wrong?: number;
    readonly read?: number;
}

const own = texts({
    text1: 'A picture is 256 numbers: 1 where there is ink, 0 where there is none. Sixty-four hidden units look at all of them, ten outputs say how much each digit is meant. What θ is, the weights, decides everything; 1 437 digits by many hands and their labels decide θ.',
    text2: 'Everybody writes at another place and in another size. So the ink is brought to the middle and to full size before it is read, as the training digits were.',
    'try-train': 'Train it: 12 epochs, and the pictures of the weights take shape',
    'try-corner': 'A small 4 in the corner, centred before it is read',
    'try-raw': 'The same 4 as it was drawn, not centred',
    'try-mistake': 'The digit of its commonest mistake',
    ask: 'Trained on centred digits, it gets a small 4 in a corner of the pad, not centred. What does it read?',
    four: 'a 4 all the same',
    other: 'another digit',
    because:
        'A weight belongs to a cell, not to a shape. A 4 in other cells meets other weights, which have never seen that ink there. Centring is knowledge that we give it; networks with shared weights learn to do without.',
    'note-1': 'Let somebody from the audience draw before it is trained, and again after. Then let them cheat it.',
    'note-2':
        'The pictures are the first layer’s weights: blue where ink speaks for the unit, copper where it speaks against.',
    gets: 'What the network gets',
    getsNote: 'centred, and as large as fits',
    rawNote: 'as it was drawn',
    outputs: 'Ten outputs',
    reads: 'It reads',
    truth: 'It is',
    blank: 'no ink',
    pen: 'Ink',
    eraser: 'Eraser',
    tool: 'What the pointer leaves',
    clear: 'Clear',
    centre: 'Centre before reading',
    next: 'A digit of the data',
    accuracy: 'Of {rows} digits never shown, right',
    epoch: 'Epochs',
    untrained: 'Its weights are random yet: press Train above.',
    weights: 'The weights of the {units} hidden units, a picture of 16 × 16 each',
    unit: 'Hidden unit',
    says: 'Its output now',
    confused: 'Most confused, {wrong} of {read} digits never shown',
    mistake: '{truth} read as {answer}, {count} ×',
    digit: 'Digit',
    output: 'Output',
});

const cells = () => cellsOf(word('ink', ''));
const rowOf = () => number('row', -1);
const centres = () => choice('centre', ['yes', 'no'], 'yes') === 'yes';

const request = (confused: number) => ({
    do: 'ink',
    ...(rowOf() >= 0 ? { row: Math.round(rowOf()) } : { pixels: [...cells()] }),
    centre: centres(),
    confused,
});

/** The lines of a 4, a third of the pad high, at its upper left. */
const small4 = hexOf(strokes([[3.5, 1.5], [1.5, 5.2], [6, 5.2]], [[4.8, 3.2], [4.6, 7.5]])); // prettier-ignore

function Picture() {
    const when = `${state.value?.version} ${state.value?.timeline} ${clock.value?.step}`;
    const { reply, refused } = useReply<Ink>(request(playing.value ? 0 : 6), when);
    const said = reply?.header;
    const given = reply?.blocks['pixels'] as Uint8Array | undefined;
    const shown = reply?.blocks['shown'] as Uint8Array | undefined;
    const outputs = (reply?.blocks['outputs'] as Float64Array | undefined) ?? new Float64Array(10);
    const hidden = reply?.blocks['hidden'] as Float64Array | undefined;
    const erase = choice('tool', ['ink', 'eraser'], 'ink') === 'eraser';
    const latest = () => (rowOf() >= 0 && given !== undefined ? Uint8Array.from(given) : cells());
    const answer = said?.box == null ? undefined : said.answer;
    const epochs = clock.value?.epoch ?? 0;
    return (
        <>
            <Refused text={refused} />
            <div class="ink-top">
                <Pad
                    cells={latest()}
                    latest={latest}
                    box={centres() && said?.box != null ? said.box : null}
                    erase={erase}
                    onInk={next => put({ ink: hexOf(next), row: undefined })}
                />
                <div class="ink-gets">
                    <InkPicture cells={shown ?? cellsOf('')} label={own('gets')} testid="ink-shown" />
                    <p class="caption">
                        <b>{own('gets')}</b>: {own(centres() ? 'getsNote' : 'rawNote')}
                    </p>
                </div>
                <div class="ink-outputs" role="group" aria-label={own('outputs')} data-testid="ink-outputs">
                    {Array.from(outputs, (output, digit) => (
                        <div key={digit} class={answer === String(digit) ? 'ink-output answer' : 'ink-output'}>
                            <span>{digit}</span>
                            <span class="bar">
                                <span style={{ width: `${100 * output}%` }} />
                            </span>
                            <span>{show(output, 3)}</span>
                        </div>
                    ))}
                </div>
            </div>
            <div class="row">
                <div class="segments" role="group" aria-label={own('tool')}>
                    {(['ink', 'eraser'] as const).map(tool => (
                        <button
                            key={tool}
                            type="button"
                            aria-pressed={erase === (tool === 'eraser')}
                            data-testid={`ink-tool-${tool}`}
                            onClick={() => put({ tool: tool === 'ink' ? undefined : tool })}
                        >
                            {own(tool === 'ink' ? 'pen' : 'eraser')}
                        </button>
                    ))}
                </div>
                <Button
                    label={own('clear')}
                    testid="ink-clear"
                    onPress={() => put({ ink: undefined, row: undefined })}
                />
                <Button
                    label={own('next')}
                    testid="ink-next"
                    onPress={() => put({ row: (Math.max(-1, rowOf()) + 1) % (state.value?.data.rows ?? 1) })}
                />
                <Check
                    label={own('centre')}
                    testid="ink-centre"
                    on={centres()}
                    onSet={on => put({ centre: on ? undefined : 'no' })}
                />
            </div>
            <div class="figures" role="status">
                <Figure name={own('reads')} testid="ink-answer">
                    {answer ?? own('blank')}
                </Figure>
                {said?.truth !== undefined && (
                    <Figure name={own('truth')} testid="ink-truth">
                        {said.truth}
                    </Figure>
                )}
                <Figure name={own('epoch')} testid="ink-epochs">
                    {whole(epochs)}
                </Figure>
                <Figure name={own('accuracy', { rows: whole(state.value?.data.test ?? 0) })} testid="ink-accuracy">
                    {measures.value?.test?.accuracy == null ? '–' : percent(measures.value.test.accuracy)}
                </Figure>
            </div>
            {epochs === 0 && <p class="note">{own('untrained')}</p>}
            <Weights hidden={hidden} />
            {epochs > 0 && said?.mistakes !== undefined && said.mistakes.length > 0 && (
                <section class="stack">
                    <h3>{own('confused', { wrong: whole(said.wrong ?? 0), read: whole(said.read ?? 0) })}</h3>
                    <div class="ink-mistakes" data-testid="ink-mistakes">
                        {said.mistakes.map((one, k) => (
                            <Confused key={`${one.truth}${one.answer}`} mistake={one} place={k} />
                        ))}
                    </div>
                </section>
            )}
            <Numbers
                testid="ink-numbers"
                columns={[own('digit'), own('output')]}
                rows={Array.from(outputs, (output, digit) => [String(digit), output])}
            />
        </>
    );
}

function Confused({ mistake, place }: { readonly mistake: Mistake; readonly place: number }) {
    const { reply } = useReply<Ink>({ do: 'ink', row: mistake.row });
    const text = own('mistake', { truth: mistake.truth, answer: mistake.answer, count: mistake.count });
    return (
        <button type="button" data-testid={`ink-mistake-${place}`} onClick={() => put({ row: mistake.row })}>
            <InkPicture
                cells={(reply?.blocks['pixels'] as Uint8Array | undefined) ?? cellsOf('')}
                label={text}
                testid={`ink-mistake-picture-${place}`}
            />
            <span>{text}</span>
        </button>
    );
}

// ---------------------------------------------------------------- hidden weights

const ACROSS = 16;

/** Where a unit's weights stand among the parameters, and what is the largest of all. */
function firstLayer() {
    const tensor = state.value?.network.tensors.find(one => one.layer === 0 && one.role === 'weight');
    const values = parameters.value;
    if (tensor === undefined || values === undefined || tensor.rows !== SIDE * SIDE) return undefined;
    let largest = 0;
    for (let k = 0; k < tensor.rows * tensor.columns; k++)
        largest = Math.max(largest, Math.abs(values[tensor.offset + k]!));
    return {
        units: tensor.columns,
        byte: (cell: number, unit: number) =>
            Math.round(128 + (127 * values[tensor.offset + cell * tensor.columns + unit]!) / (largest || 1)),
    };
}

function Weights({ hidden }: { readonly hidden: Float64Array | undefined }) {
    const all = useRef<HTMLCanvasElement>(null);
    const one = useRef<HTMLCanvasElement>(null);
    const layer = firstLayer();
    const units = layer?.units ?? 0;
    const chosen = Math.min(units, Math.max(1, Math.round(number('unit', 1))));
    const table = diverging.value;
    useEffect(() => {
        if (layer === undefined || all.current === null || one.current === null) return;
        const down = Math.ceil(units / ACROSS);
        const [width, height] = [ACROSS * (SIDE + 2) - 2, down * (SIDE + 2) - 2];
        const mosaic = new Uint8Array(width * height).fill(128);
        const picture = new Uint8Array(SIDE * SIDE);
        for (let unit = 0; unit < units; unit++)
            for (let cell = 0; cell < picture.length; cell++) {
                const byte = layer.byte(cell, unit);
                const x = (unit % ACROSS) * (SIDE + 2) + (cell % SIDE);
                const y = Math.floor(unit / ACROSS) * (SIDE + 2) + Math.floor(cell / SIDE);
                mosaic[y * width + x] = byte;
                if (unit === chosen - 1) picture[cell] = byte;
            }
        new MapPainter(all.current).paint(mosaic, width, height, table, undefined);
        new MapPainter(one.current).paint(picture, SIDE, SIDE, table, undefined);
    }, [parameters.value, table, chosen, units]);
    return (
        <section class="stack">
            <h3>{own('weights', { units })}</h3>
            <div class="ink-weights">
                <canvas
                    ref={all}
                    role="img"
                    aria-label={own('weights', { units })}
                    data-testid="ink-weights"
                    onClick={event => {
                        const { left, top, width } = event.currentTarget.getBoundingClientRect();
                        const tile = width / ACROSS;
                        const unit = Math.floor((event.clientX - left) / tile) + ACROSS * Math.floor((event.clientY - top) / tile); // prettier-ignore
                        if (unit < units) put({ unit: unit + 1 });
                    }}
                />
                <div class="stack ink-unit">
                    <canvas
                        ref={one}
                        role="img"
                        aria-label={`${own('unit')} ${chosen}`}
                        data-testid="ink-unit-picture"
                    />
                    <div class="row">
                        <span class="field-name">{own('unit')}</span>
                        <Stepper
                            label={own('unit')}
                            testid="ink-unit"
                            value={chosen}
                            min={1}
                            max={Math.max(1, units)}
                            onSet={unit => put({ unit })}
                        />
                    </div>
                    <Figure name={own('says')} testid="ink-unit-output">
                        {hidden === undefined ? '–' : show(hidden[chosen - 1]!)}
                    </Figure>
                </div>
            </div>
        </section>
    );
}

const EPOCHS = 12;

const scene: Scene = {
    begin: {
        data: 'ink',
        train: 0.8,
        scaling: 'none',
        layers: '64',
        activation: 'relu',
        optimizer: 'adam',
        learningRate: 0.003,
        batch: 20,
        l2: 0.0001,
        schedule: 'cosine',
        epochs: EPOCHS,
        augment: 'affine(rotation=8,scale=0.15,shear=0.2,shift=1),elastic(sigma=2,alpha=8)',
        stop: `epochs(count=${EPOCHS})`,
    },
    trains: true,
    wants: { parameters: true, measures: true },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'train', text: () => own('try-train'), press: () => setPlaying(true) },
        { name: 'corner', text: () => own('try-corner'), press: () => start({ ink: small4 }) },
        { name: 'raw', text: () => own('try-raw'), press: () => start({ ink: small4, centre: 'no' }) },
        {
            name: 'mistake',
            text: () => own('try-mistake'),
            press: async () => {
                const { header } = await consult<Ink>({ ...request(1) });
                const worst = header.mistakes?.[0];
                if (worst !== undefined) put({ row: worst.row });
            },
        },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'four', 'other'),
        run: async () => {
            while (clock.value?.stopped === null && (clock.value?.epoch ?? 0) < EPOCHS) await step('epoch');
            start({ ink: small4, centre: 'no' });
            const { header } = await consult<Ink>({ do: 'ink', pixels: [...cellsOf(small4)] });
            return header.answer === '4' ? 'four' : 'other';
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
