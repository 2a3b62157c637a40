// Left of the screen: the data, and which inputs the network sees.

import { useSignal } from '@preact/signals';
import { hides } from '../classroom';
import { hello, reset, set, setting, state } from '../session';
import { ownData } from './own';
import { Button, Slider } from '../parts/controls';
import { property, PropertyControl, spaced } from '../parts/property';
import { Icon } from '../parts/icons';
import { t, type Key } from '../text';
import { pretty } from '../text/symbols';
import { whole } from '../text/numbers';

/** Small pictures of the made sets: filled marks are one class, rings the other; for numbers, filled is high. */
const pictures: Readonly<Record<string, { readonly full: string; readonly ring: string }>> = {
    circle: {
        full: dots([
            [20, 20],
            [16, 17],
            [24, 18],
            [18, 24],
            [24, 24],
        ]),
        ring: dots(around(13, 11)),
    },
    xor: {
        full: dots([
            [11, 11],
            [16, 14],
            [12, 17],
            [29, 29],
            [24, 26],
            [28, 23],
        ]),
        ring: dots([
            [29, 11],
            [24, 14],
            [28, 17],
            [11, 29],
            [16, 26],
            [12, 23],
        ]),
    },
    gauss: {
        full: dots([
            [27, 12],
            [30, 16],
            [24, 15],
            [28, 9],
            [31, 11],
        ]),
        ring: dots([
            [13, 28],
            [10, 24],
            [16, 25],
            [12, 31],
            [9, 29],
        ]),
    },
    spiral: { full: dots(arm(0)), ring: dots(arm(Math.PI)) },
    plane: {
        full: dots([
            [30, 9],
            [26, 9],
            [31, 13],
            [26, 14],
            [31, 18],
            [22, 11],
        ]),
        ring: dots([
            [10, 31],
            [14, 31],
            [9, 27],
            [14, 26],
            [9, 22],
            [18, 29],
        ]),
    },
    gaussian: {
        full: dots([
            [12, 12],
            [12, 8],
            [16, 13],
            [28, 28],
            [28, 32],
            [24, 27],
        ]),
        ring: dots([
            [28, 12],
            [24, 11],
            [30, 16],
            [12, 28],
            [16, 29],
            [10, 24],
        ]),
    },
    moons: { full: dots(halfMoon(0)), ring: dots(halfMoon(1)) },
    blobs: {
        full: dots([
            [12, 12],
            [15, 10],
            [10, 15],
            [30, 22],
            [32, 25],
            [28, 25],
        ]),
        ring: dots([
            [14, 30],
            [17, 28],
            [18, 32],
            [28, 9],
            [31, 11],
        ]),
    },
};

function around(radius: number, count: number): [number, number][] {
    return Array.from({ length: count }, (_, k) => {
        const angle = (k * 2 * Math.PI) / count;
        return [20 + radius * Math.cos(angle), 20 + radius * Math.sin(angle)];
    });
}

function arm(turn: number): [number, number][] {
    return Array.from({ length: 9 }, (_, k) => {
        const [radius, angle] = [3 + k * 1.45, turn + k * 0.52];
        return [20 + radius * Math.cos(angle), 20 + radius * Math.sin(angle)];
    });
}

function halfMoon(which: 0 | 1): [number, number][] {
    return Array.from({ length: 7 }, (_, k) => {
        const angle = (k * Math.PI) / 6;
        return which === 0
            ? [16 - 9 * Math.cos(angle), 23 - 11 * Math.sin(angle)]
            : [24 + 9 * Math.cos(angle), 17 + 11 * Math.sin(angle)];
    });
}

function dots(places: readonly (readonly [number, number])[]): string {
    return places
        .map(([x, y]) => `M${(x - 1.7).toFixed(1)} ${y.toFixed(1)}a1.7 1.7 0 1 0 3.4 0a1.7 1.7 0 1 0-3.4 0`)
        .join('');
}

export function DataPanel() {
    return (
        <section class="side data" aria-label={t('data.title')} data-testid="data">
            {!hides('data') && <Sets />}
            <Sliders />
            {!hides('features') && <Inputs />}
            <More />
        </section>
    );
}

function Sets() {
    const sets = hello.value?.datasets ?? [];
    const chosen = setting('data', '');
    const tiles = sets.filter(entry => entry.name in pictures);
    const others = sets.filter(entry => !(entry.name in pictures));
    const own = others.some(entry => entry.name === chosen && entry.inputs === 0);
    return (
        <div class="block">
            <h2>{t('data.title')}</h2>
            <div class="tiles" role="group" aria-label={t('data.sets')}>
                {tiles.map(entry => (
                    <button
                        key={entry.name}
                        type="button"
                        class="tile"
                        aria-pressed={entry.name === chosen}
                        data-testid={`dataset-${entry.name}`}
                        title={entry.summary}
                        onClick={() => set({ data: entry.name })}
                    >
                        <svg viewBox="4 4 32 32" aria-hidden="true">
                            <path class="mark-full" d={pictures[entry.name]!.full} />
                            <path class="mark-ring" d={pictures[entry.name]!.ring} />
                        </svg>
                        <span>{spaced(entry.name)}</span>
                    </button>
                ))}
            </div>
            <div class="pair">
                <span class="choose">
                    <select
                        data-testid="dataset-other"
                        aria-label={t('data.real')}
                        value={others.some(entry => entry.name === chosen) ? chosen : ''}
                        onChange={event => {
                            const name = event.currentTarget.value;
                            if (others.find(other => other.name === name)?.inputs === 0) ownData.value = true;
                            else if (name !== '') void set({ data: name });
                        }}
                    >
                        <option value="">{t('data.pick')}</option>
                        {others.map(entry => (
                            <option key={entry.name} value={entry.name} title={entry.summary}>
                                {spaced(entry.name)}
                            </option>
                        ))}
                    </select>
                </span>
                {!hides('own') && (
                    <Button
                        label={own ? t('own.change') : t('own.open')}
                        icon="pencil"
                        wide
                        testid="own-open"
                        onPress={() => (ownData.value = true)}
                    />
                )}
            </div>
        </div>
    );
}

const tenth = (value: number) => `${Math.round(value * 100)} %`;

function Sliders() {
    const shown = state.value?.data;
    const entry = hello.value?.datasets.find(one => one.name === setting('data', ''));
    return (
        <div class="block tight">
            {!hides('noise') && entry?.made === true && (
                <Slider
                    label={t('data.noise')}
                    testid="noise"
                    min={0}
                    max={Math.min(0.8, property('noise')?.max ?? 0.5)}
                    step={0.05}
                    value={setting('noise', 0)}
                    show={tenth}
                    onSet={value => set({ noise: Math.round(value * 100) / 100 })}
                />
            )}
            {!hides('train') && (
                <Slider
                    label={t('data.train')}
                    testid="train"
                    min={0.1}
                    max={1}
                    step={0.05}
                    value={setting('train', 0.5)}
                    show={tenth}
                    onSet={value => set({ train: Math.round(value * 100) / 100 })}
                />
            )}
            {shown !== undefined && (
                <p class="note" data-testid="data-rows">
                    {t('data.rows', { train: whole(shown.train), test: whole(shown.test) })}{' '}
                    {entry?.made === true && !hides('data') && (
                        <button type="button" class="linklike" data-testid="regenerate" onClick={() => reset('new')}>
                            <Icon name="dice" />
                            {t('data.regenerate')}
                        </button>
                    )}
                </p>
            )}
        </div>
    );
}

function Inputs() {
    const features = hello.value?.features ?? [];
    const shown = state.value?.data;
    if (shown === undefined || !shown.isPlane) {
        return (
            <div class="block">
                <h2>{t('inputs.title')}</h2>
                <p class="note">{t('inputs.columns', { count: shown?.rawInputs.length ?? 0 })}</p>
            </div>
        );
    }
    const chosen = setting<string[]>('features', []);
    const active = new Set(chosen.length === 0 ? ['x1', 'x2'] : chosen);
    const toggle = (name: string) => {
        const next = features
            .map(f => f.name)
            .filter(other => (other === name ? !active.has(name) : active.has(other)));
        if (next.length > 0) void set({ features: next });
    };
    return (
        <div class="block">
            <h2>{t('inputs.title')}</h2>
            <div class="chips" role="group" aria-label={t('inputs.title')}>
                {features.map(feature => (
                    <button
                        key={feature.name}
                        type="button"
                        class="chip"
                        aria-pressed={active.has(feature.name)}
                        data-testid={`feature-${feature.name}`}
                        onClick={() => toggle(feature.name)}
                    >
                        {pretty(feature.formula)}
                    </button>
                ))}
            </div>
        </div>
    );
}

const ours = new Set(['data', 'noise', 'train', 'features']);

/** The rest of the data's properties, from the table. */
function More() {
    const open = useSignal(false);
    const rows = (hello.value?.properties ?? []).filter(row => row.group === 'data' && !ours.has(row.name));
    return (
        <details class="block more" open={open.value} onToggle={event => (open.value = event.currentTarget.open)}>
            <summary data-testid="data-more">{t('more.data' satisfies Key)}</summary>
            {open.value && (
                <div class="stack">
                    {rows.map(row => (
                        <PropertyControl key={row.name} name={row.name} hint />
                    ))}
                </div>
            )}
        </details>
    );
}
