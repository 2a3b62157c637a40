// Along the bottom: the curve of the loss, which is also the scrubber. Drag it, click it, or move the slider with the
// keys: the whole network goes back to that update; training on from there is a branch.

import { signal, useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { theme } from '../look/theme';
import { clock, curve, measures, rewind, setting } from '../session';
import { Check, Dialog } from '../parts/controls';
import { Icon } from '../parts/icons';
import { t } from '../text';
import { show, whole } from '../text/numbers';
import { compared, RunsButton } from './runs';

const logarithmic = signal(false);
const tableOpen = signal(false);
/** The update the scrubber is held over, while it is held. */
const held = signal<number | undefined>(undefined);

export function Timeline() {
    const time = clock.value;
    const at = useComputed(() => held.value ?? clock.value?.step ?? 0);
    const values = useComputed(() => atPresent(at.value) ?? readAt(at.value));
    const newest = Math.max(time?.newest ?? 0, time?.step ?? 0);
    return (
        <section class="timeline" aria-label={t('time.title')} data-testid="timeline">
            <div class="time-bar">
                <dl class="readout" data-testid="readout">
                    <div>
                        <dt>{t('time.update')}</dt>
                        <dd>{whole(at.value)}</dd>
                    </div>
                    <div>
                        <dt>
                            <span class="line-key solid" />
                            {t('score.train')}
                        </dt>
                        <dd>{show(values.value?.train ?? Number.NaN)}</dd>
                    </div>
                    <div>
                        <dt>
                            <span class="line-key dashed" />
                            {t('score.test')}
                        </dt>
                        <dd>
                            {values.value === undefined || Number.isNaN(values.value.test)
                                ? '–'
                                : show(values.value.test)}
                        </dd>
                    </div>
                    <div>
                        <dt>
                            <span class="line-key dotted" />
                            {t('score.penalty')}
                        </dt>
                        <dd>{show(values.value?.penalty ?? 0)}</dd>
                    </div>
                </dl>
                <div class="time-tools">
                    <Check
                        label={t('time.log')}
                        testid="log-loss"
                        on={logarithmic.value}
                        onSet={on => (logarithmic.value = on)}
                    />
                    <button
                        type="button"
                        class="linklike"
                        data-testid="loss-table-open"
                        onClick={() => (tableOpen.value = true)}
                    >
                        <Icon name="table" />
                        {t('time.table')}
                    </button>
                    <RunsButton />
                </div>
            </div>
            <div class="time-main">
                <Chart at={at.value} newest={newest} />
                <input
                    type="range"
                    class="scrubber"
                    data-testid="scrubber"
                    aria-label={t('time.scrub')}
                    min={0}
                    max={Math.max(1, newest, compared.value?.update.at(-1) ?? 0)}
                    step={1}
                    value={at.value}
                    disabled={newest === 0}
                    aria-valuetext={t('time.at', {
                        update: whole(at.value),
                        epoch: show(values.value?.epoch ?? 0, 3),
                        loss: show(values.value?.train ?? Number.NaN),
                    })}
                    onInput={event => (held.value = Number(event.currentTarget.value))}
                    onChange={event => {
                        const to = Number(event.currentTarget.value);
                        held.value = undefined;
                        void rewind(to);
                    }}
                />
            </div>
            {tableOpen.value && <LossTable />}
        </section>
    );
}

/** At the present update the measures are exact; the curve has a point per epoch or so. */
function atPresent(update: number) {
    const [shown, time] = [measures.value, clock.value];
    return shown === undefined || time === undefined || update !== shown.step
        ? undefined
        : {
              update,
              epoch: time.epoch,
              train: shown.train.loss ?? Number.NaN,
              test: shown.test?.loss ?? Number.NaN,
              penalty: shown.penalty ?? 0,
          };
}

function readAt(update: number) {
    const shown = curve.value;
    const updates = shown.update;
    if (updates.length === 0) return undefined;
    let [low, high] = [0, updates.length - 1];
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (updates[middle]! <= update) low = middle;
        else high = middle - 1;
    }
    return {
        update: updates[low]!,
        epoch: shown.epoch[low]!,
        train: shown.train[low]!,
        test: shown.test[low]!,
        penalty: shown.penalty[low]!,
    };
}

/** Updates are whole: ticks at 1, 2, 5, 10, 20 … */
const wholeSteps = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map(step => step * 10 ** power)).flat();

const font = '12px "Source Sans 3 Variable", system-ui, sans-serif';

function Chart({ at, newest }: { readonly at: number; readonly newest: number }) {
    const box = useRef<HTMLDivElement>(null);
    const plot = useRef<uPlot>(undefined);
    const now = useSignal({ at, newest });
    now.value = { at, newest };
    const log = logarithmic.value;
    const look = theme.value;

    useEffect(() => {
        const element = box.current!;
        const line = (label: string, dash: number[], width: number): uPlot.Series => ({
            label,
            stroke: look.ink,
            width,
            points: { show: false },
            ...(dash.length > 0 ? { dash } : {}),
        });
        const axis: uPlot.Axis = {
            stroke: look.quiet,
            font,
            ticks: { stroke: look.line, width: 1, size: 4 },
            grid: { stroke: look.line, width: 1 },
        };
        const chart = new uPlot(
            {
                width: Math.max(200, element.clientWidth),
                height: Math.max(80, element.clientHeight),
                legend: { show: false },
                cursor: { show: false },
                select: { show: false, left: 0, top: 0, width: 0, height: 0 },
                padding: [10, 12, 0, 0],
                scales: {
                    x: {
                        time: false,
                        range: () => [0, Math.max(10, now.value.newest, compared.value?.update.at(-1) ?? 0)],
                    },
                    y: log ? { distr: 3, log: 10 } : { range: chart => range(chart.data) },
                },
                axes: [
                    {
                        ...axis,
                        size: 24,
                        values: (_, ticks) => ticks.map(tick => whole(tick)),
                        space: 90,
                        incrs: wholeSteps,
                    },
                    {
                        ...axis,
                        size: 52,
                        values: (_, ticks) =>
                            ticks.map(tick =>
                                tick === null ? '' : Number(tick.toPrecision(3)).toString().replace('-', '−'),
                            ),
                        space: 28,
                    },
                ],
                series: [
                    {},
                    line('train', [], 2),
                    line('test', [7, 4], 2),
                    line('penalty', [2, 3], 1.5),
                    line('other train', [], 1),
                    line('other test', [7, 4], 1),
                ],
                hooks: { draw: [drawHead] },
            },
            emptyData(),
            element,
        );
        plot.current = chart;
        const watch = new ResizeObserver(() =>
            chart.setSize({ width: element.clientWidth, height: element.clientHeight }),
        );
        watch.observe(element);
        fillIn();
        return () => {
            watch.disconnect();
            chart.destroy();
            plot.current = undefined;
        };
    }, [log, look]);

    const drawHead = (chart: uPlot) => {
        const x = chart.valToPos(now.value.at, 'x', true);
        const { ctx, bbox } = chart;
        ctx.save();
        ctx.strokeStyle = look.ink;
        ctx.fillStyle = look.ink;
        ctx.lineWidth = 1.5 * devicePixelRatio;
        ctx.beginPath();
        ctx.moveTo(x, bbox.top - 2);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        ctx.beginPath();
        const half = 5 * devicePixelRatio;
        ctx.moveTo(x - half, bbox.top - half - 1);
        ctx.lineTo(x + half, bbox.top - half - 1);
        ctx.lineTo(x, bbox.top + 3);
        ctx.fill();
        ctx.restore();
    };

    const fillIn = () => {
        const shown = curve.value;
        const other = compared.value;
        const data: uPlot.AlignedData =
            other === undefined
                ? [shown.update, clean(shown.train, log), clean(shown.test, log), clean(shown.penalty, true), [], []]
                : (uPlot.join([
                      [
                          shown.update,
                          clean(shown.train, log),
                          clean(shown.test, log),
                          clean(shown.penalty, true),
                      ] as uPlot.AlignedData,
                      [other.update, clean(other.train, log), clean(other.test, log)] as uPlot.AlignedData,
                  ]) as uPlot.AlignedData);
        plot.current?.setData(data, true);
    };
    useSignalEffect(() => {
        void curve.value;
        void compared.value;
        fillIn();
    });
    useSignalEffect(() => {
        void now.value;
        plot.current?.redraw(false);
    });

    const scrub = (event: PointerEvent) => {
        const chart = plot.current;
        if (chart === undefined || now.value.newest === 0) return;
        const box = chart.over.getBoundingClientRect();
        const value = chart.posToVal(event.clientX - box.left, 'x');
        held.value = Math.round(Math.min(now.value.newest, Math.max(0, value)));
    };
    return (
        <div
            class="chart"
            ref={box}
            role="img"
            aria-label={describe()}
            data-testid="loss-chart"
            onPointerDown={event => {
                if (event.button === 0) {
                    event.currentTarget.setPointerCapture(event.pointerId);
                    scrub(event);
                }
            }}
            onPointerMove={event => held.value !== undefined && event.buttons > 0 && scrub(event)}
            onPointerCancel={() => (held.value = undefined)}
            onPointerUp={() => {
                const to = held.value;
                held.value = undefined;
                if (to !== undefined) void rewind(to);
            }}
        />
    );
}

const emptyData = (): uPlot.AlignedData => [[], [], [], [], [], []];

/** Values that a logarithmic axis cannot show, and those that are no numbers, are gaps. */
const clean = (values: readonly number[], positive: boolean) =>
    values.map(value => (Number.isFinite(value) && (!positive || value > 0) ? value : null));

/** From 0 to the largest loss; a penalty far above the losses runs out of the picture instead of flattening them. */
function range(data: uPlot.AlignedData): [number, number] {
    const top = (index: number) =>
        ((data[index] ?? []) as (number | null)[]).reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
    const losses = Math.max(top(1), top(2), top(4), top(5));
    const most = losses === 0 ? top(3) : Math.max(losses, Math.min(top(3), 2 * losses));
    return [0, most > 0 && Number.isFinite(most) ? most * 1.08 : 1];
}

function describe(): string {
    const shown = measures.value;
    const count = curve.value.update.length;
    const [first, last] = [curve.value.train[0], curve.value.train.at(-1)];
    return t('time.describe', {
        points: count,
        first: first === undefined ? '–' : show(first),
        last: last === undefined ? '–' : show(last),
        test: shown?.test?.loss == null ? '–' : show(shown.test.loss),
    });
}

/** The curve as a table: what the picture says, to read and to copy. */
function LossTable() {
    const shown = curve.value;
    const pace = Math.max(1, Math.ceil(shown.update.length / 200));
    const rows = [...shown.update.keys()].filter(k => k % pace === 0 || k === shown.update.length - 1);
    return (
        <Dialog title={t('time.tableTitle')} testid="loss-table" onClose={() => (tableOpen.value = false)}>
            {pace > 1 && <p class="note">{t('time.every', { count: pace })}</p>}
            <div class="scroll-y tall" tabIndex={0} role="region" aria-label={t('time.tableTitle')}>
                <table class="wide-table">
                    <thead>
                        <tr>
                            <th scope="col">{t('time.update')}</th>
                            <th scope="col">{t('time.epoch')}</th>
                            <th scope="col">{t('score.train')}</th>
                            <th scope="col">{t('score.test')}</th>
                            {(setting('l1', 0) > 0 || setting('l2', 0) > 0) && (
                                <th scope="col">{t('score.penalty')}</th>
                            )}
                        </tr>
                    </thead>
                    <tbody>
                        {rows.map(k => (
                            <tr key={k}>
                                <th scope="row">{whole(shown.update[k]!)}</th>
                                <td>{show(shown.epoch[k]!, 3)}</td>
                                <td>{show(shown.train[k]!)}</td>
                                <td>{Number.isNaN(shown.test[k]!) ? '–' : show(shown.test[k]!)}</td>
                                {(setting('l1', 0) > 0 || setting('l2', 0) > 0) && <td>{show(shown.penalty[k]!)}</td>}
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </Dialog>
    );
}
