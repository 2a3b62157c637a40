// Stopping (L19): training, validation and test curves of one run, and where each stopping rule would have ended it.

import { Button, Slider } from '../parts/controls';
import type { Maybe, Reply } from '../protocol';
import { consult, reset, set, setting, state, step } from '../session';
import { texts } from '../text';
import { show, whole } from '../text/numbers';
import { above, Legend, Lines, lineFrame, type Line } from './chart';
import { Figure, Handle, Heads, Numbers, Refused } from './parts';
import { Plane } from './plane';
import { named, number, put, start, useReply, type Scene } from './scene';
import './stopping.css';

interface Mark {
    readonly epoch: number;
    readonly train: Maybe;
    readonly validation: Maybe;
    readonly test: Maybe;
}
type RuleMark = Omit<Mark, 'epoch'> & { readonly rule: string; readonly text: string; readonly epoch: number | null };
interface Stopping extends Reply {
    readonly marks: readonly RuleMark[];
    readonly best: Mark | null;
    readonly last: Mark;
    readonly at: Mark;
}

const own = texts({
    text1: 'The error on the training rows goes on falling. The error on rows that never update a weight falls at first and then rises: from there the network learns its examples by heart. That is over-fitting, and the reason to stop.',
    text2: 'One run, trained to its end. Each rule is asked after each epoch, and its number stands where it would have stopped. The map shows what the network answers at the epoch you choose.',
    'try-end': 'Go to the last epoch: the map bends around single points',
    'try-best': 'Go back to the best epoch, by the validation rows',
    'try-lecture': 'The lecture’s threshold: stop when the error changes by less than 0.01',
    ask: 'Which of these has the lowest error on the test rows, which nobody looked at while training?',
    best: 'the best validation epoch',
    last: 'the last epoch',
    change: 'the rule with 0.01',
    because:
        'The validation rows stand in for all rows that are not known yet. A rule that looks at the training error alone stops too early or, as here with a threshold of 0.01, wherever the error happens to stand still.',
    'note-1':
        'The validation rows choose the epoch, so their error at that epoch is flattered. The test rows choose nothing: theirs is the honest number.',
    'note-2': 'More examples: over-fitting goes away by itself. Let them find out how many it takes.',
    curves: 'Mean error after each epoch, with the stop of each rule',
    epoch: 'epoch',
    error: 'error',
    train: 'training',
    validation: 'validation',
    test: 'test',
    plane: 'What the network answers after epoch {epoch}',
    at: 'Epoch',
    atEpoch: 'after epoch {epoch}',
    atTrain: 'Training error',
    atValidation: 'Validation error',
    atTest: 'Test error',
    rule: 'Rule',
    stops: 'stops at',
    never: 'does not stop',
    bestRow: 'best weights, by validation',
    lastRow: 'the end',
    restore: 'Put these weights into the network',
    restored: 'The network stands at epoch {epoch}. The playground has it as it is.',
    patience: 'Patience of rule 1, in epochs',
    threshold: 'Threshold of rule 4',
    epochs: 'Length of the run, in epochs',
    rows: 'Examples',
    noise: 'Noise',
    parts: 'Filled: training rows. Small and open: validation. Open: test.',
});

const rules = (patience: number, threshold: number) => [
    `validation(patience=${patience})`,
    'gl(alpha=5,strip=5)',
    'up(s=3,strip=5)',
    `change(threshold=${threshold})`,
    'gradient(threshold=0.05)',
    'target(train.loss<0.05)',
];
const asked = () => ({
    do: 'stopping' as const,
    epochs: Math.round(number('epochs', 200)),
    rules: rules(Math.round(number('patience', 20)), number('threshold', 0.0001)),
    size: 50,
});

function Picture() {
    const chosen = number('at', -1);
    const when = `${state.value?.version}`;
    const epochs = asked().epochs;
    const { reply, refused, fresh } = useReply<Stopping>(
        { ...asked(), ...(chosen < 0 ? {} : { at: Math.min(epochs, Math.round(chosen)) }) },
        when,
    );
    if (reply === undefined) return <Refused text={refused} />;
    const { marks, best, last, at } = reply.header;
    const block = reply.blocks['curves'] as Float64Array;
    const column = (k: number) => Array.from({ length: block.length / 5 }, (_, row) => block[5 * row + k]!);
    const xs = column(0);
    const kinds = { train: 'thin', validation: 'dashed', test: 'solid' } as const;
    const lines: Line[] = (['train', 'validation', 'test'] as const).map((name, k) => ({
        name: own(name),
        kind: kinds[name],
        xs,
        ys: column(k + 1),
    }));
    const length = xs.length - 1;
    const frame = lineFrame({ x: [0, length], y: above(lines.flatMap(line => Array.from(line.ys))) }, 660, 370);
    const go = (epoch: number) => put({ at: Math.round(Math.min(length, Math.max(0, epoch))) });
    const value = (number: Maybe) => (number === null ? '–' : show(number));
    const table: readonly { readonly key: string; readonly name: string; readonly mark: Mark | RuleMark; readonly why?: string }[] = [
        ...marks.map((mark, k) => ({ key: `rule-${k + 1}`, name: `${k + 1} · ${asked().rules[k] ?? mark.rule}`, mark, why: mark.text })),
        ...(best === null ? [] : [{ key: 'best', name: own('bestRow'), mark: best }]),
        { key: 'last', name: own('lastRow'), mark: last },
    ]; // prettier-ignore
    return (
        <>
            <Refused text={refused} />
            <div class="figures" aria-busy={!fresh}>
                <Figure name={own('at')} testid="stop-epoch">
                    {whole(at.epoch)}
                </Figure>
                <Figure name={own('atTrain')} testid="stop-train">
                    {value(at.train)}
                </Figure>
                <Figure name={own('atValidation')} testid="stop-validation">
                    {value(at.validation)}
                </Figure>
                <Figure name={own('atTest')} testid="stop-test">
                    {value(at.test)}
                </Figure>
            </div>
            <div class="side-by-side">
                <div class="stack">
                    <Lines
                        lines={lines}
                        frame={frame}
                        label={own('curves')}
                        x={own('epoch')}
                        y={own('error')}
                        testid="stop-curves"
                        onPlace={go}
                        above={
                            <>
                                <Stops marks={marks} best={best} frame={frame} at={at.epoch} />
                                <Handle
                                    frame={frame}
                                    x={at.epoch}
                                    y={Math.min(frame.y[1], at.validation ?? at.train ?? 0)}
                                    label={own('at')}
                                    text={own('atEpoch', { epoch: at.epoch })}
                                    testid="stop-handle"
                                    onMove={go}
                                    onNudge={by => go(at.epoch + by)}
                                />
                            </>
                        }
                    />
                    <Legend lines={lines} />
                    <div class="scroll-x" tabIndex={0} role="region" aria-label={own('rule')}>
                        <table class="stop-table" data-testid="stop-table">
                            <Heads
                                columns={(['rule', 'stops', 'train', 'validation', 'test'] as const).map(name =>
                                    own(name),
                                )}
                            />
                            <tbody>
                                {table.map(({ key, name, mark, why }) => (
                                    <tr key={key} class={mark.epoch === at.epoch ? 'chosen' : ''} title={why}>
                                        <th scope="row">{name}</th>
                                        <td>
                                            {mark.epoch === null ? (
                                                own('never')
                                            ) : (
                                                <button
                                                    type="button"
                                                    class="linklike"
                                                    data-testid={`stop-go-${key}`}
                                                    onClick={() => go(mark.epoch!)}
                                                >
                                                    {whole(mark.epoch)}
                                                </button>
                                            )}
                                        </td>
                                        {(['train', 'validation', 'test'] as const).map(part => (
                                            <td key={part} data-testid={`stop-${key}-${part}`}>
                                                {mark.epoch === null ? '–' : value(mark[part])}
                                            </td>
                                        ))}
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </div>
                </div>
                <div class="stack">
                    <Plane
                        bytes={reply.blocks['output'] as Uint8Array | undefined}
                        size={50}
                        label={own('plane', { epoch: at.epoch })}
                        testid="stop-plane"
                        width={400}
                    />
                    <p class="caption">{own('parts')}</p>
                    <Restore epoch={at.epoch} />
                    <Slider
                        label={own('at')}
                        testid="stop-at"
                        value={at.epoch}
                        min={0}
                        max={length}
                        step={1}
                        show={whole}
                        onSet={go}
                    />{' '}
                    {/* prettier-ignore */}
                    <Slider label={own('patience')} testid="stop-patience" value={number('patience', 20)} min={1} max={100} step={1} show={whole} onSet={patience => put({ patience })} />{' '}
                    {/* prettier-ignore */}
                    <Slider label={own('threshold')} testid="stop-threshold" value={Math.log10(number('threshold', 0.0001))} min={-5} max={-1} step={1} show={power => show(10 ** power, 2)} onSet={power => put({ threshold: Number((10 ** power).toPrecision(1)) })} />{' '}
                    {/* prettier-ignore */}
                    <Slider label={own('epochs')} testid="stop-epochs" value={epochs} min={50} max={1000} step={50} show={whole} onSet={value => put({ epochs: value, at: undefined })} />{' '}
                    {/* prettier-ignore */}
                    <Slider label={own('rows')} testid="stop-rows" value={setting('rows', 300)} min={100} max={2000} step={100} show={whole} onSet={rows => void set({ rows })} />{' '}
                    {/* prettier-ignore */}
                    <Slider label={own('noise')} testid="stop-noise" value={setting('noise', 0.3)} min={0} max={0.5} step={0.05} show={value => show(value, 2)} onSet={noise => void set({ noise })} />{' '}
                    {/* prettier-ignore */}
                </div>
            </div>
            <Numbers
                testid="stop-numbers"
                columns={[own('epoch'), own('train'), own('validation'), own('test')]}
                rows={xs.map((epoch, k) => [String(epoch), ...lines.map(line => line.ys[k]!)])}
                most={1001}
            />
        </>
    );
}

/** A line with its number for each rule; the numbers of stops close together stand one above the other. */
function Stops({
    marks,
    best,
    frame,
    at,
}: {
    readonly marks: readonly RuleMark[];
    readonly best: Mark | null;
    readonly frame: ReturnType<typeof lineFrame>;
    readonly at: number;
}) {
    const [top, bottom] = [frame.py(frame.y[1]), frame.py(0)];
    const placed: { x: number; level: number }[] = [];
    return (
        <g class="stop-marks" aria-hidden="true">
            {best !== null && (
                <g class="best">
                    <path d={`M${frame.px(best.epoch)} ${top}V${bottom}`} stroke-dasharray="1 3" />
                </g>
            )}
            {marks.map((mark, k) => {
                if (mark.epoch === null) return null;
                const x = frame.px(mark.epoch);
                const near = placed.filter(other => Math.abs(other.x - x) < 20).map(other => other.level);
                let level = 0;
                while (near.includes(level)) level++;
                placed.push({ x, level });
                const y = top + 30 + 22 * level;
                return (
                    <g key={k} class={mark.epoch === at ? 'stop chosen' : 'stop'}>
                        <path d={`M${x} ${y}V${bottom}`} />
                        <circle cx={x} cy={y} r={9} />
                        <text x={x} y={y + 4} text-anchor="middle">
                            {k + 1}
                        </text>
                    </g>
                );
            })}
        </g>
    );
}

/** The session's own network, trained to that epoch: the same bits, by the engine's determinism. */
function Restore({ epoch }: { readonly epoch: number }) {
    const stands = state.value?.clock.epoch === epoch && epoch > 0;
    return (
        <div class="stack">
            <Button
                label={own('restore')}
                testid="stop-restore"
                disabled={epoch === 0}
                onPress={async () => {
                    await reset();
                    await step('epoch', epoch);
                }}
            />
            <p class="note" role="status" data-testid="stop-restored">
                {stands && own('restored', { epoch })}
            </p>
        </div>
    );
}

const scene: Scene = {
    begin: {
        data: 'xor',
        rows: 300,
        noise: 0.3,
        train: 0.3,
        validation: 0.4,
        layers: '8,8',
        learningRate: 0.1,
        batch: 10,
    },
    text: () => [own('text1'), own('text2')],
    Picture,
    tries: [
        { name: 'end', text: () => own('try-end'), press: () => put({ at: Math.round(number('epochs', 200)) }) },
        { name: 'best', text: () => own('try-best'), press: () => put({ at: undefined }) },
        {
            name: 'lecture',
            text: () => own('try-lecture'),
            press: async () => {
                put({ threshold: 0.01 });
                const { header } = await consult<Stopping>(asked());
                if (header.marks[3]!.epoch !== null) put({ at: header.marks[3]!.epoch });
            },
        },
    ],
    question: {
        text: () => own('ask'),
        options: named(own, 'best', 'last', 'change'),
        run: async () => {
            start({ threshold: 0.01 });
            const { header } = await consult<Stopping>({ ...asked(), rules: rules(20, 0.01) });
            const errors = { best: header.best?.test, last: header.last.test, change: header.marks[3]!.test };
            const names = (['best', 'last', 'change'] as const).filter(name => typeof errors[name] === 'number');
            return names.reduce((low, name) => (errors[name]! < errors[low]! ? name : low));
        },
        because: () => own('because'),
    },
    notes: () => [own('note-1'), own('note-2')],
};
export default scene;
