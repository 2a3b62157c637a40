// Own data: paste or drop a table, draw points, edit them. Everything stays in the session; nothing is sent anywhere
// else.

import { signal, useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Reply } from '../protocol';
import { ask, hello, isClasses, points, refusal, rowOf, selection, state, setting } from '../session';
import { Button, Dialog, NumberInput, Select } from '../parts/controls';
import { t } from '../text';
import { show, whole } from '../text/numbers';
import { nearestRow } from './output';

/** Whether the dialog for own data is open. */
export const ownData = signal(false);

export type ToolKind = 'look' | 'add' | 'move' | 'erase' | 'label';

/** What a click on the map does besides looking; undefined is looking. */
export const tool = signal<{ readonly kind: ToolKind; press(x: number, y: number): void } | undefined>(undefined);
const toolKind = signal<ToolKind>('look');
const label = signal(1);
const lifted = signal<number | undefined>(undefined);

export const isOwn = () => setting('data', '') === 'own';

/** Keeps the tool in step with what was chosen. */
export function useTool(): void {
    useSignalEffect(() => {
        const kind = toolKind.value;
        const usable = isOwn() && state.value?.data.isPlane === true;
        tool.value = !usable || kind === 'look' ? undefined : { kind, press: (x, y) => void apply(kind, x, y) };
    });
}

async function apply(kind: ToolKind, x: number, y: number): Promise<void> {
    if (kind === 'add') {
        await ask({ do: 'data', from: 'edit', add: [[x, y, label.value]] });
        return;
    }
    const held = lifted.value;
    if (kind === 'move' && held !== undefined) {
        lifted.value = undefined;
        await ask({ do: 'data', from: 'edit', move: [[rowOf(held), x, y]] });
        return;
    }
    const row = nearestRow(points.value, state.value!.data.domain, 320, x, y);
    if (row === undefined) return;
    if (kind === 'erase') {
        selection.value = { kind: 'network' };
        await ask({ do: 'data', from: 'edit', remove: [rowOf(row)] });
    } else if (kind === 'label') {
        await ask({ do: 'data', from: 'edit', label: [[rowOf(row), label.value]] });
    } else {
        lifted.value = row;
        selection.value = { kind: 'example', row };
    }
}

export function PointTools() {
    if (!isOwn() || state.value?.data.isPlane !== true) return null;
    const kinds: readonly ToolKind[] = ['look', 'add', 'move', 'label', 'erase'];
    const classes = state.value.data.classes;
    return (
        <div class="point-tools">
            <div class="segments" role="group" aria-label={t('tools.title')}>
                {kinds.map(kind => (
                    <button
                        key={kind}
                        type="button"
                        aria-pressed={toolKind.value === kind}
                        data-testid={`tool-${kind}`}
                        onClick={() => {
                            toolKind.value = kind;
                            lifted.value = undefined;
                        }}
                    >
                        {t(`tools.${kind}`)}
                    </button>
                ))}
            </div>
            {(toolKind.value === 'add' || toolKind.value === 'label') &&
                (isClasses.value ? (
                    <Select
                        label={t('tools.class')}
                        hideLabel
                        testid="tool-class"
                        value={String(Math.min(label.value, classes.length - 1))}
                        options={classes.map((name, k) => ({ value: String(k), text: name }))}
                        onPick={value => (label.value = Number(value))}
                    />
                ) : (
                    <NumberInput
                        label={t('tools.value')}
                        hideLabel
                        testid="tool-value"
                        value={label.value}
                        onSet={value => (label.value = value)}
                    />
                ))}
            <p class="note" role="status">
                {toolKind.value === 'move' && lifted.value !== undefined
                    ? t('tools.drop')
                    : t(`tools.${toolKind.value}.help`)}
            </p>
        </div>
    );
}

interface Preview {
    readonly columns: readonly {
        readonly name: string;
        readonly kind: string;
        readonly missing: number;
        readonly min?: number | null;
        readonly max?: number | null;
        readonly categories?: readonly string[] | number;
    }[];
    readonly rows?: readonly (readonly (string | number | null)[])[];
    readonly first?: readonly (readonly (string | number | null)[])[];
}

type DataReply = Reply & { preview?: Preview };

/** The table that was read last, for choosing its columns again. */
const preview = signal<Preview | undefined>(undefined);
const columns = signal<ReadonlySet<string>>(new Set());
const target = signal('');

function remember(read: Preview | undefined): void {
    if (read === undefined) return;
    preview.value = read;
    const data = state.value?.data;
    target.value = data?.target ?? read.columns.at(-1)?.name ?? '';
    columns.value = new Set(data === undefined ? [] : data.columns.filter(name => name !== data.target));
}

export async function readTable(text: string, name?: string): Promise<boolean> {
    const reply = await ask<DataReply>({ do: 'data', from: 'csv', text, ...(name === undefined ? {} : { name }) });
    remember(reply?.header.preview);
    return reply !== undefined;
}

async function readFile(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    const limit = hello.value?.limits.csvBytes ?? 64 << 20;
    if (file.size > limit) {
        refusal.value = t('own.large', { size: whole(file.size / 2 ** 20), limit: whole(limit / 2 ** 20) });
        return;
    }
    if (await readTable(await file.text(), file.name)) ownData.value = true;
}

/** Lets a table be dropped anywhere on the page. */
export function takeDrops(): void {
    addEventListener('dragover', event => event.preventDefault());
    addEventListener('drop', event => {
        event.preventDefault();
        void readFile(event.dataTransfer?.files[0]);
    });
}

export function OwnData() {
    const text = useSignal('');
    const file = useRef<HTMLInputElement>(null);
    if (!ownData.value) return null;
    const close = () => (ownData.value = false);
    const draw = async (from: 'blank' | 'these') => {
        const shown = points.value;
        const list: [number, number, number][] =
            from === 'blank' || shown === undefined
                ? []
                : [...shown.parts.keys()].map(row => [shown.xy[2 * row]!, shown.xy[2 * row + 1]!, shown.targets[row]!]);
        const classes = state.value?.data.classes ?? [];
        const done = await ask({
            do: 'data',
            from: 'points',
            ...(classes.length > 1 ? { classes } : {}),
            points: list.length > 0 ? list : starters(),
        });
        if (done !== undefined) {
            toolKind.value = 'add';
            close();
        }
    };
    return (
        <Dialog title={t('own.title')} testid="own" onClose={close} wide>
            <p>{t('own.stays')}</p>
            <div class="own">
                <div class="stack">
                    <h3>{t('own.paste')}</h3>
                    <label class="field">
                        <span class="field-name">{t('own.text')}</span>
                        <textarea
                            data-testid="own-text"
                            rows={8}
                            spellcheck={false}
                            placeholder={'x1,x2,class\n0.5,1.2,a\n-1.1,0.3,b'}
                            value={text.value}
                            onInput={event => (text.value = event.currentTarget.value)}
                        />
                    </label>
                    <div class="row">
                        <Button
                            kind="primary"
                            wide
                            label={t('own.read')}
                            testid="own-read"
                            disabled={text.value.trim() === ''}
                            onPress={() => readTable(text.value)}
                        />
                        <Button wide label={t('own.file')} testid="own-file" onPress={() => file.current?.click()} />
                        <input
                            ref={file}
                            type="file"
                            class="unseen"
                            tabIndex={-1}
                            aria-hidden="true"
                            accept=".csv,.tsv,.txt,text/csv,text/plain"
                            data-testid="own-file-input"
                            onChange={event => void readFile(event.currentTarget.files?.[0])}
                        />
                    </div>
                    <p class="note">{t('own.drop')}</p>
                </div>
                <div class="stack">
                    <h3>{t('own.draw')}</h3>
                    <p>{t('own.drawHow')}</p>
                    <div class="row">
                        <Button wide label={t('own.blank')} testid="own-draw" onPress={() => draw('blank')} />
                        {state.value?.data.isPlane === true && (
                            <Button wide label={t('own.these')} testid="own-these" onPress={() => draw('these')} />
                        )}
                    </div>
                    {isOwn() && state.value?.data.isPlane === true && <PointTable />}
                </div>
            </div>
            {refusal.value !== '' && (
                <p class="trouble" role="alert" data-testid="own-trouble">
                    {refusal.value}
                </p>
            )}
            {preview.value !== undefined && <Columns read={preview.value} />}
        </Dialog>
    );
}

/** Two points of each class, so that there is something to train on at once. */
const starters = (): [number, number, number][] => [
    [-2, 1, 0],
    [-1, 2, 0],
    [2, -1, 1],
    [1, -2, 1],
];

function Columns({ read }: { readonly read: Preview }) {
    const use = () =>
        ask<DataReply>({
            do: 'data',
            from: 'columns',
            target: target.value,
            columns: read.columns.map(c => c.name).filter(name => columns.value.has(name) && name !== target.value),
        });
    const rows = read.first ?? read.rows ?? [];
    return (
        <div class="stack">
            <h3>{t('own.columns')}</h3>
            <div class="scroll-x" tabIndex={0} role="region" aria-label={t('own.columns')}>
                <table class="columns" data-testid="own-columns">
                    <thead>
                        <tr>
                            {read.columns.map(column => (
                                <th scope="col" key={column.name}>
                                    {column.name}
                                    <small>{column.kind}</small>
                                </th>
                            ))}
                        </tr>
                        <tr>
                            {read.columns.map(column => (
                                <td key={column.name}>
                                    <label class="check">
                                        <input
                                            type="checkbox"
                                            checked={columns.value.has(column.name) && column.name !== target.value}
                                            disabled={column.name === target.value}
                                            data-testid={`column-${column.name}`}
                                            onChange={event => {
                                                const next = new Set(columns.value);
                                                if (event.currentTarget.checked) next.add(column.name);
                                                else next.delete(column.name);
                                                columns.value = next;
                                            }}
                                        />
                                        <span>{t('own.input')}</span>
                                    </label>
                                    <label class="check">
                                        <input
                                            type="radio"
                                            name="target"
                                            checked={column.name === target.value}
                                            data-testid={`target-${column.name}`}
                                            onChange={() => (target.value = column.name)}
                                        />
                                        <span>{t('own.target')}</span>
                                    </label>
                                </td>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {rows.slice(0, 5).map((row, k) => (
                            <tr key={k}>
                                {row.map((cell, j) => (
                                    <td key={j}>{cell}</td>
                                ))}
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            <div class="row">
                <Button
                    kind="primary"
                    wide
                    label={t('own.use')}
                    testid="own-use"
                    disabled={columns.value.size === 0}
                    onPress={use}
                />
                <span class="note" role="status">
                    {t('own.inUse', { rows: whole(state.value?.data.rows ?? 0), name: state.value?.data.title ?? '' })}
                </span>
            </div>
        </div>
    );
}

/** The points as numbers to type: what drawing does, without a pointer. */
function PointTable() {
    const shown = points.value;
    const from = useSignal(0);
    if (shown === undefined) return null;
    const page = 12;
    const rows = Array.from({ length: Math.min(page, shown.parts.length - from.value) }, (_, k) => from.value + k);
    const move = (row: number, x: number, y: number) =>
        void ask({ do: 'data', from: 'edit', move: [[rowOf(row), x, y]] });
    return (
        <details>
            <summary data-testid="point-table-open">{t('own.table')}</summary>
            <table class="points" data-testid="point-table">
                <thead>
                    <tr>
                        <th scope="col">{t('own.row')}</th>
                        <th scope="col">x₁</th>
                        <th scope="col">x₂</th>
                        <th scope="col">{t('own.target')}</th>
                        <td />
                    </tr>
                </thead>
                <tbody>
                    {rows.map(row => (
                        <tr key={row}>
                            <th scope="row">{row + 1}</th>
                            <td>
                                <NumberInput
                                    hideLabel
                                    label={t('own.cell', { row: row + 1, column: 'x₁' })}
                                    testid={`point-${row}-x`}
                                    value={shown.xy[2 * row]!}
                                    onSet={x => move(row, x, shown.xy[2 * row + 1]!)}
                                />
                            </td>
                            <td>
                                <NumberInput
                                    hideLabel
                                    label={t('own.cell', { row: row + 1, column: 'x₂' })}
                                    testid={`point-${row}-y`}
                                    value={shown.xy[2 * row + 1]!}
                                    onSet={y => move(row, shown.xy[2 * row]!, y)}
                                />
                            </td>
                            <td>
                                {isClasses.value
                                    ? state.value?.data.classes[shown.targets[row]!]
                                    : show(shown.targets[row]!)}
                            </td>
                            <td>
                                <Button
                                    label={t('own.remove', { row: row + 1 })}
                                    icon="close"
                                    kind="quiet"
                                    testid={`point-${row}-remove`}
                                    onPress={() => ask({ do: 'data', from: 'edit', remove: [rowOf(row)] })}
                                />
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
            <div class="row">
                <Button
                    wide
                    label={t('own.before')}
                    testid="points-before"
                    disabled={from.value === 0}
                    onPress={() => (from.value = Math.max(0, from.value - page))}
                />
                <Button
                    wide
                    label={t('own.after')}
                    testid="points-after"
                    disabled={from.value + page >= shown.parts.length}
                    onPress={() => (from.value += page)}
                />
            </div>
        </details>
    );
}
