// How the network learns, as one sentence whose gaps are controls: it reads as what it does, and a translation may
// order it anew.

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { hides } from '../classroom';
import { layerTexts } from '../layers';
import { hello, set, setting, state } from '../session';
import { NumberInput } from '../parts/controls';
import { property, PropertyControl, TextSetting } from '../parts/property';
import { gaps, t } from '../text';
import { brief } from '../text/numbers';

export function Recipe() {
    const more = useSignal(false);
    const fold = useRef<HTMLDetailsElement>(null);
    useEffect(() => (more.value ? foldAway(fold.current!) : undefined), [more.value]);
    const penalised = setting('l1', 0) > 0 || setting('l2', 0) > 0;
    const scheduled = setting('schedule', '') !== '';
    const fills: Readonly<Record<string, () => ComponentChildren>> = {
        shape: () => <Shape />,
        loss: () => (hides('loss') ? t('recipe.cost') : <PropertyControl inline name="loss" />),
        optimizer: () => (hides('optimizer') ? t('recipe.rule') : <PropertyControl inline name="optimizer" />),
        rate: () =>
            hides('rate') ? brief(setting('learningRate', 0)) : <PropertyControl inline name="learningRate" />,
        batch: () => (hides('batch') ? String(setting('batch', 0)) : <Batch />),
        penalty: () => (hides('penalty') ? '' : <Penalty />),
    };
    const rest = (hello.value?.properties ?? []).filter(
        row =>
            (row.group === 'training' || row.group === 'network') &&
            !['layers', 'output', 'loss', 'optimizer', 'learningRate', 'batch', 'l1', 'l2'].includes(row.name) &&
            !(hides('schedule') && ['schedule', 'epochs', 'layerRates'].includes(row.name)) &&
            !(hides('activation') && row.name === 'activation'),
    );
    return (
        <section class="recipe" aria-label={t('recipe.title')} data-testid="recipe">
            <p class="sentence">
                {gaps('recipe.sentence').map((part, k) =>
                    typeof part === 'string' ? <span key={k}>{part}</span> : <span key={k}>{fills[part.gap]?.()}</span>,
                )}
            </p>
            <details
                ref={fold}
                class="more"
                open={more.value}
                onToggle={event => (more.value = event.currentTarget.open)}
            >
                <summary data-testid="recipe-more">
                    {t('more.training')}
                    {(penalised || scheduled) && <span class="dot" aria-hidden="true" />}
                </summary>
                {more.value && (
                    <div class="recipe-grid" data-testid="recipe-grid">
                        {rest.map(row => (
                            <PropertyControl key={row.name} name={row.name} hint />
                        ))}
                    </div>
                )}
            </details>
        </section>
    );
}

/**
 * Where the settings lie over the network, Escape, a press beside them and a focus that moves on fold them away. Where
 * they push it down nothing is hidden, and they stay.
 */
function foldAway(fold: HTMLDetailsElement): () => void {
    const covers = () => {
        const settings = fold.querySelector('.recipe-grid');
        return settings !== null && getComputedStyle(settings).position === 'absolute';
    };
    const onBeside = (event: Event) => {
        if (!fold.contains(event.target as Node) && covers()) fold.open = false;
    };
    const onKey = (event: KeyboardEvent) => {
        if (event.key !== 'Escape' || event.defaultPrevented || !covers()) return;
        event.preventDefault();
        fold.open = false;
        fold.querySelector('summary')?.focus();
    };
    document.addEventListener('pointerdown', onBeside);
    document.addEventListener('focusin', onBeside);
    document.addEventListener('keydown', onKey);
    return () => {
        document.removeEventListener('pointerdown', onBeside);
        document.removeEventListener('focusin', onBeside);
        document.removeEventListener('keydown', onKey);
    };
}

function Shape() {
    const network = state.value?.network;
    const inputs = network?.inputs.length ?? 0;
    const outputs = network?.layers.at(-1)?.units ?? 1;
    if (hides('layers')) return <b>{[inputs, ...layerTexts(), outputs].join('–')}</b>;
    return (
        <span class="shape">
            <span class="fixed">{inputs}&#8239;–&#8239;</span>
            <TextSetting
                inline
                label={t('recipe.shape')}
                testid="shape"
                value={layerTexts().join(', ')}
                placeholder={t('recipe.none')}
                onSet={text =>
                    set({
                        layers: text
                            .replace(/[-–—;\s]+/g, ',')
                            .replace(/,+/g, ',')
                            .replace(/^,|,$/g, ''),
                    })
                }
            />
            <span class="fixed">&#8239;–&#8239;{outputs}</span>
        </span>
    );
}

function Batch() {
    const row = property('batch');
    const value = setting('batch', 10);
    const all = value === 0;
    return (
        <span class="batch">
            {all ? (
                <b>{t('recipe.all')}</b>
            ) : (
                <NumberInput
                    inline
                    label={row?.summary ?? ''}
                    testid="set-batch"
                    value={value}
                    min={1}
                    max={row?.max}
                    whole
                    offers={row?.choices?.map(Number).filter(n => n > 0)}
                    onSet={next => set({ batch: next })}
                />
            )}{' '}
            <button
                type="button"
                class="toggle"
                data-testid="batch-all"
                aria-pressed={all}
                onClick={() => set({ batch: all ? 10 : 0 })}
            >
                {t('recipe.all')}
            </button>
        </span>
    );
}

function Penalty() {
    const [l1, l2] = [setting('l1', 0), setting('l2', 0)];
    const kind = l1 > 0 && l2 > 0 ? 'both' : l1 > 0 ? 'l1' : l2 > 0 ? 'l2' : 'none';
    const start = 0.001;
    const pick = (to: string) =>
        set({
            l1: to === 'l1' || to === 'both' ? l1 || start : 0,
            l2: to === 'l2' || to === 'both' ? l2 || start : 0,
        });
    return (
        <span class="penalty">
            <span class="choose inline">
                <select
                    data-testid="set-penalty"
                    aria-label={t('recipe.penalty')}
                    value={kind}
                    onChange={event => pick(event.currentTarget.value)}
                >
                    <option value="none">{t('penalty.none')}</option>
                    <option value="l1">{t('penalty.l1')}</option>
                    <option value="l2">{t('penalty.l2')}</option>
                    <option value="both">{t('penalty.both')}</option>
                </select>
            </span>
            {l1 > 0 && (
                <span class="entry-parameter">
                    {' '}
                    λ₁&#8239;=&#8239;
                    <PropertyControl inline name="l1" />
                </span>
            )}
            {l2 > 0 && (
                <span class="entry-parameter">
                    {' '}
                    λ₂&#8239;=&#8239;
                    <PropertyControl inline name="l2" />
                </span>
            )}
        </span>
    );
}
