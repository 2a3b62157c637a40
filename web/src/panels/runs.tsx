// The history of runs: every restart and branch is one. Keep two and compare them on the same seed.

import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { MapPainter } from '../draw/maps';
import type { Run, Runs as Comparing } from '../protocol';
import { ask, clock, refreshRuns, runs, type Curve, type Maps } from '../session';
import { Button, Dialog } from '../parts/controls';
import { TextSetting, titleOf } from '../parts/property';
import { t } from '../text';
import { paintOutput } from './output';
import { percent, show, whole } from '../text/numbers';

const open = signal(false);
const other = signal<number | undefined>(undefined);
/** The output maps of both, the present run's first. */
const pictures = signal<readonly (Maps | undefined)[]>([]);
/** The curve of the run that is compared with the present one. */
export const compared = signal<Curve | undefined>(undefined);

const called = (run: Run) => (run.name === '' ? t('runs.number', { number: run.id }) : run.name);

export function RunsButton() {
    return (
        <Button
            label={t('runs.title')}
            icon="runs"
            wide
            testid="runs-open"
            onPress={() => {
                open.value = true;
                void refreshRuns();
            }}
        />
    );
}

const comparison = signal<Comparing | undefined>(undefined);

async function compare(run: number): Promise<void> {
    if (other.value === run) {
        other.value = undefined;
        compared.value = undefined;
        comparison.value = undefined;
        pictures.value = [];
        return;
    }
    const reply = await ask<Comparing>({ do: 'runs', action: 'compare', run: clock.value?.run ?? 1, other: run });
    if (reply === undefined) return;
    other.value = run;
    comparison.value = reply.header;
    const map = (name: string): Maps | undefined => {
        const bytes = reply.blocks[name];
        return bytes instanceof Uint8Array
            ? {
                  bytes,
                  scales: reply.blocks[`${name}Scales`] as Float32Array,
                  size: reply.header.blocks[name]!.shape[1]!,
              }
            : undefined;
    };
    pictures.value = [map('runOutput'), map('otherOutput')];
    const values = reply.blocks['otherLoss'];
    const read: Curve = { update: [], epoch: [], train: [], test: [], penalty: [] };
    if (values !== undefined) {
        for (let k = 0; k + 5 < values.length; k += 6) {
            read.update.push(values[k]!);
            read.epoch.push(values[k + 1]!);
            read.train.push(values[k + 2]!);
            read.test.push(values[k + 3]!);
            read.penalty.push(values[k + 4]!);
        }
    }
    compared.value = read;
}

export function Runs() {
    if (!open.value) return null;
    const list = runs.value;
    const number = (value: number | null) => (value === null ? '–' : show(value));
    return (
        <Dialog title={t('runs.title')} testid="runs" wide onClose={() => (open.value = false)}>
            <p>{t('runs.what')}</p>
            <div class="scroll-x" tabIndex={0} role="region" aria-label={t('runs.title')}>
                <table class="wide-table" data-testid="runs-table">
                    <thead>
                        <tr>
                            <th scope="col">{t('runs.name')}</th>
                            <th scope="col">{t('runs.why')}</th>
                            <th scope="col">{t('time.update')}</th>
                            <th scope="col">{t('score.train')}</th>
                            <th scope="col">{t('score.test')}</th>
                            <th scope="col">{t('score.accuracy')}</th>
                            <td />
                        </tr>
                    </thead>
                    <tbody>
                        {list.map(run => (
                            <tr key={run.id} class={run.id === clock.value?.run ? 'present' : ''}>
                                <th scope="row">
                                    <TextSetting
                                        inline
                                        label={t('runs.rename', { name: called(run) })}
                                        testid={`run-${run.id}-name`}
                                        value={called(run)}
                                        onSet={async name => {
                                            await ask({ do: 'runs', action: 'rename', run: run.id, name });
                                            await refreshRuns();
                                        }}
                                    />
                                </th>
                                <td>
                                    {run.parent === null
                                        ? run.why
                                        : t('runs.branch', { why: run.why, parent: run.parent, from: whole(run.from) })}
                                </td>
                                <td>{whole(run.step)}</td>
                                <td>{number(run.trainLoss)}</td>
                                <td>{number(run.testLoss)}</td>
                                <td>{run.accuracy === null ? '–' : percent(run.accuracy)}</td>
                                <td class="row">
                                    {run.id !== clock.value?.run && (
                                        <button
                                            type="button"
                                            class="toggle"
                                            data-testid={`run-${run.id}-compare`}
                                            aria-pressed={other.value === run.id}
                                            onClick={() => compare(run.id)}
                                        >
                                            {t('runs.compare')}
                                        </button>
                                    )}
                                    <Button
                                        label={t('runs.remove', { name: called(run) })}
                                        icon="close"
                                        kind="quiet"
                                        testid={`run-${run.id}-remove`}
                                        disabled={run.id === clock.value?.run}
                                        onPress={async () => {
                                            await ask({ do: 'runs', action: 'remove', run: run.id });
                                            await refreshRuns();
                                        }}
                                    />
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            <div class="row">
                <Button
                    wide
                    kind="primary"
                    label={t('runs.keep')}
                    testid="run-keep"
                    onPress={() => refreshRuns('keep').then(() => refreshRuns())}
                />
                {other.value !== undefined && (
                    <span class="note" role="status">
                        {t('runs.comparing', { run: other.value })}
                    </span>
                )}
            </div>
            {comparison.value !== undefined && <Differences shown={comparison.value} />}
        </Dialog>
    );
}

function Differences({ shown }: { readonly shown: Comparing }) {
    const differences = shown.differences ?? [];
    return (
        <div class="stack" data-testid="differences">
            <div class="two-maps">
                {pictures.value.map(
                    (maps, k) =>
                        maps !== undefined && (
                            <Picture key={k} maps={maps} label={t(k === 0 ? 'runs.mapA' : 'runs.mapB')} />
                        ),
                )}
            </div>
            <p>
                {shown.sameSeed === true ? t('runs.sameSeed') : t('runs.otherSeed')}{' '}
                {differences.length === 0 && t('runs.same')}
            </p>
            {differences.length > 0 && (
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{t('runs.setting')}</th>
                            <th scope="col">A</th>
                            <th scope="col">B</th>
                        </tr>
                    </thead>
                    <tbody>
                        {differences.map(row => (
                            <tr key={row.name}>
                                <th scope="row">{titleOf(row.name)}</th>
                                <td>{row.run}</td>
                                <td>{row.other}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            )}
        </div>
    );
}

function Picture({ maps, label }: { readonly maps: Maps; readonly label: string }) {
    const canvas = useRef<HTMLCanvasElement>(null);
    useEffect(() => void paintOutput(new MapPainter(canvas.current!), maps, undefined), [maps]);
    return (
        <figure>
            <canvas ref={canvas} role="img" aria-label={label} />
            <figcaption>{label}</figcaption>
        </figure>
    );
}
