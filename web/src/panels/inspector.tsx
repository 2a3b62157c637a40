// The inspector, always in the same place: the arithmetic of whatever is chosen, with the engine's numbers.

import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { hides } from '../classroom';
import type { GradientCheck, Place, Reply, UnitArithmetic } from '../protocol';
import {
    clock,
    edit,
    enterInspector,
    hello,
    look,
    parameters,
    points,
    probe,
    rowOf,
    selection,
    state,
    statistics,
    type Selection,
} from '../session';
import { Button, NumberInput } from '../parts/controls';
import { Icon } from '../parts/icons';
import { Formula, FormulaText, Num, Op, Sub, Sym } from '../parts/math';
import { t } from '../text';
import { percent, show, whole } from '../text/numbers';
import { pretty } from '../text/symbols';
import { welcome, Welcome } from './help';
import { Mark, signed } from './output';
import { layersOf, layerName, unitName, weightReader, biasReader } from './network';
import { nameOf } from '../layers';
import { spaced } from '../parts/property';

type LinkArithmetic = Reply &
    Partial<Record<'weight' | 'input' | 'product' | 'delta' | 'gradient' | 'batchGradient' | 'update', number | null>>;
type ExampleArithmetic = Reply & {
    raw: (number | null)[];
    inputs: (number | null)[];
    layers: (number | null)[][];
    outputs: (number | null)[];
    target?: (number | null)[];
    cost?: number | null;
    costFormula: string;
    loss: string;
    answer: string;
};

const number = (value: number | null | undefined) => (value == null ? '–' : show(value));

export function Inspector() {
    const chosen = selection.value;
    if (hides('inspector') && !welcome.value) return null;
    return (
        <section class="inspector" aria-label={t('inspector.title')} data-testid="inspector">
            {chosen.kind === 'unit' ? (
                <UnitView at={chosen} />
            ) : chosen.kind === 'link' ? (
                <LinkView at={chosen} />
            ) : chosen.kind === 'example' ? (
                <ExampleView row={chosen.row} />
            ) : chosen.kind === 'layer' ? (
                <LayerView index={chosen.layer} />
            ) : welcome.value ? (
                <Welcome />
            ) : (
                <NetworkView />
            )}
        </section>
    );
}

/** Asks again when what is looked at, or the network, has changed; while playing a few times a second. */
function useLook<T extends Reply>(request: () => Parameters<typeof look>[0] | undefined): T | undefined {
    const reply = useSignal<T | undefined>(undefined);
    const busy = useRef(false);
    const again = useRef(false);
    useSignalEffect(() => {
        void parameters.value;
        void points.value;
        const asked = request();
        if (asked === undefined) {
            reply.value = undefined;
            return;
        }
        if (busy.current) {
            again.current = true;
            return;
        }
        const run = async (what: Parameters<typeof look>[0]) => {
            busy.current = true;
            const answer = await look<T>(what);
            if (answer !== undefined) reply.value = answer.header;
            await new Promise(resolve => setTimeout(resolve, 120));
            busy.current = false;
            if (again.current) {
                again.current = false;
                const next = request();
                if (next !== undefined) void run(next);
            }
        };
        void run(asked);
    });
    return reply.value;
}

const at = (): Place => ('row' in probe.value ? { row: rowOf(probe.value.row) } : { raw: [...probe.value.raw] });

// ---------------------------------------------------------------- the network as a whole

function NetworkView() {
    const shown = state.value;
    const check = useSignal<GradientCheck | undefined>(undefined);
    const checking = useSignal(false);
    const hash = shown?.hash;
    useEffect(() => {
        check.value = undefined;
    }, [hash, clock.value?.step]);
    if (shown === undefined) return null;
    const { network } = shown;
    const layers = layersOf(shown);
    const run = async () => {
        checking.value = true;
        check.value = (await look<GradientCheck>({ do: 'check' }))?.header;
        checking.value = false;
    };
    return (
        <div class="inspect">
            <header class="inspect-head">
                <h2>
                    {t('inspect.network', {
                        shape: [network.inputs.length, ...layers.map(layer => layer.units)].join('–'),
                    })}
                </h2>
                <p class="note">{t('inspect.hint')}</p>
            </header>
            <div class="inspect-columns">
                <div>
                    <p class="big-number" data-testid="parameter-count">
                        {whole(network.parameters)}
                    </p>
                    <p class="quiet">{t('inspect.parameters', { count: network.parameters })}</p>
                    <p data-testid="parameter-formula">
                        <Formula>
                            <FormulaText text={network.formula} />
                        </Formula>
                    </p>
                </div>
                <table class="mini">
                    <caption class="unseen">{t('inspect.perLayer')}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t('layers.layer')}</th>
                            <th scope="col">φ</th>
                            <th scope="col">{t('inspect.count')}</th>
                            <th scope="col">‖∇‖</th>
                        </tr>
                    </thead>
                    <tbody>
                        {layers.map((layer, k) => (
                            <tr key={k}>
                                <th scope="row">{layerName(k, layers.length - 1)}</th>
                                <td>{spaced(nameOf(layer.activation))}</td>
                                <td>{layer.formula === '' ? layer.count : layer.formula}</td>
                                <td>{number(statistics.value[layer.index]?.gradientNorm)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
                <div class="check-badge">
                    <Button
                        wide
                        icon={check.value === undefined ? 'check' : check.value.passed ? 'check' : 'warning'}
                        testid="gradient-check"
                        label={checking.value ? t('check.running') : t('check.run')}
                        disabled={checking.value}
                        onPress={run}
                    />
                    <p class="note" role="status" data-testid="gradient-check-result">
                        {check.value === undefined
                            ? t('check.what')
                            : t(check.value.passed ? 'check.passed' : 'check.failed', {
                                  checked: whole(check.value.checked),
                                  worst: number(check.value.worst),
                                  limit: show(check.value.limit),
                                  where: check.value.where,
                              })}
                    </p>
                </div>
            </div>
        </div>
    );
}

// ---------------------------------------------------------------- one layer

/**
 * Whether a layer lives: how large its gradients and weights are, what its units give, and which of them no longer
 * change.
 */
function LayerView({ index }: { readonly index: number }) {
    const shown = state.value!;
    const layers = layersOf(shown);
    const layer = layers[index];
    const figures = statistics.value[index];
    const entry = hello.value?.catalogs.activations.find(one => one.name === nameOf(layer?.activation ?? ''));
    if (layer === undefined) return null;
    const facts: readonly (readonly [string, string, string])[] =
        figures === undefined
            ? []
            : [
                  ['‖∇‖', t('layer.gradient'), number(figures.gradientNorm)],
                  ['|∇|', t('layer.mean'), number(figures.gradientMean)],
                  ['‖W‖', t('layer.weights'), number(figures.weightNorm)],
                  ['‖b‖', t('layer.biases'), number(figures.biasNorm)],
                  ['y', t('layer.outputs'), `${number(figures.outputMean)} ± ${number(figures.outputDeviation)}`],
                  ['φ′≈0', t('layer.flat'), figures.saturated === null ? '–' : percent(figures.saturated)],
              ];
    return (
        <div class="inspect" data-testid="inspect-layer">
            <header class="inspect-head">
                <h2>{layerName(index, layers.length - 1)}</h2>
                <p class="note">{layer.formula}</p>
            </header>
            <div class="inspect-columns">
                <div class="formulas">
                    <p>
                        <Formula>
                            <Sym>y</Sym>
                            <Op>=</Op>
                            <Sym>φ</Sym>
                            <Op>(</Op>
                            <Sym>W</Sym>
                            <Sym>x</Sym>
                            <Op>+</Op>
                            <Sym>b</Sym>
                            <Op>)</Op>
                        </Formula>
                    </p>
                    <p>
                        <Formula>
                            <Sym>φ</Sym>
                            <Op>(</Op>
                            <Sym>v</Sym>
                            <Op>)</Op>
                            <Op>=</Op>
                            <FormulaText text={entry?.formula ?? ''} />
                        </Formula>
                    </p>
                    <p class="note">{entry === undefined ? '' : `${spaced(entry.name)}: ${entry.summary}`}</p>
                </div>
                <dl class="facts columns">
                    {facts.map(([symbol, name, value]) => (
                        <div key={symbol}>
                            <dt>
                                <span class="symbol">{symbol}</span> {name}
                            </dt>
                            <dd>{value}</dd>
                        </div>
                    ))}
                </dl>
                <p class="note">
                    {figures === undefined
                        ? t('layers.none')
                        : figures.dead.length === 0
                          ? t('layer.alive')
                          : t('layer.dead', {
                                count: figures.dead.length,
                                units: figures.dead.map(unit => unit + 1).join(', '),
                            })}
                </p>
            </div>
        </div>
    );
}

// ---------------------------------------------------------------- one unit

function UnitView({ at: chosen }: { readonly at: Extract<Selection, { kind: 'unit' }> }) {
    const reply = useLook<UnitArithmetic>(() => {
        const now = selection.value;
        return now.kind === 'unit'
            ? { do: 'inspect', what: 'unit', layer: now.layer, unit: now.unit, at: at() }
            : undefined;
    });
    const shown = state.value!;
    const layers = layersOf(shown);
    const k = layers.findIndex(layer => layer.index === chosen.layer);
    if (reply === undefined || reply.layer !== chosen.layer || reply.unit !== chosen.unit)
        return (
            <div class="inspect">
                <p class="note">…</p>
            </div>
        );
    const line = arithmetic(reply);
    return (
        <div class="inspect" data-testid="inspect-unit">
            <header class="inspect-head">
                <h2>{unitName(shown, k, layers.length - 1, chosen.unit)}</h2>
                <Where />
                <Copy text={line} />
            </header>
            <p class="arithmetic" data-testid="arithmetic">
                <span>
                    {reply.terms.slice(0, 6).map((term, j) => (
                        <span key={j} class="term">
                            {j > 0 && (term.weight !== null && term.weight < 0 ? ' − ' : ' + ')}
                            <b class={signClass(term.weight)}>
                                {j > 0 && term.weight !== null ? number(Math.abs(term.weight)) : number(term.weight)}
                            </b>
                            ·{factor(term.input)}
                        </span>
                    ))}
                    {reply.terms.length > 6 && <span class="quiet"> + … </span>}
                </span>
                <span class="term">
                    {' '}
                    {reply.bias !== null && reply.bias < 0 ? '−' : '+'}{' '}
                    <b class={signClass(reply.bias)}>{number(reply.bias === null ? null : Math.abs(reply.bias))}</b>
                </span>
                <span>
                    {' '}
                    = <b data-testid="field">{number(reply.field)}</b>
                </span>
                <span class="arrow"> → {spaced(nameOf(reply.activation))} → </span>
                <b class="result" data-testid="unit-output">
                    {number(reply.output)}
                </b>
            </p>
            <div class="inspect-columns">
                <div class="formulas">
                    <p>
                        <Formula>
                            <Sym>v</Sym>
                            <Op>=</Op>
                            <munder>
                                <mo>∑</mo>
                                <mi>j</mi>
                            </munder>
                            <Sub base="W" at="j" />
                            <Sub base="x" at="j" />
                            <Op>+</Op>
                            <Sym>b</Sym>
                        </Formula>
                    </p>
                    <p>
                        <Formula>
                            <Sym>y</Sym>
                            <Op>=</Op>
                            <Sym>φ</Sym>
                            <Op>(</Op>
                            <Sym>v</Sym>
                            <Op>)</Op>
                            <Op>=</Op>
                            <FormulaText text={reply.formula} />
                        </Formula>
                    </p>
                    <dl class="facts">
                        <dt>
                            <Formula>
                                <msup>
                                    <mi>φ</mi>
                                    <mo>′</mo>
                                </msup>
                                <mo>(</mo>
                                <mi>v</mi>
                                <mo>)</mo>
                            </Formula>
                        </dt>
                        <dd>{number(reply.slope)}</dd>
                        {reply.delta != null && (
                            <>
                                <dt>
                                    <Formula>
                                        <mfrac>
                                            <mrow>
                                                <mi>∂</mi>
                                                <mi>L</mi>
                                            </mrow>
                                            <mrow>
                                                <mi>∂</mi>
                                                <mi>v</mi>
                                            </mrow>
                                        </mfrac>
                                    </Formula>
                                </dt>
                                <dd>{number(reply.delta)}</dd>
                            </>
                        )}
                    </dl>
                </div>
                <div class="scroll-y" tabIndex={0} role="region" aria-label={t('inspect.terms')}>
                    <table class="terms" data-testid="terms">
                        <caption class="unseen">{t('inspect.terms')}</caption>
                        <thead>
                            <tr>
                                <th scope="col">{t('inspect.from')}</th>
                                <th scope="col">W</th>
                                <th scope="col">x</th>
                                <th scope="col">W·x</th>
                                {reply.delta != null && <th scope="col">∂L/∂W</th>}
                            </tr>
                        </thead>
                        <tbody>
                            {reply.terms.map((term, j) => (
                                <tr key={j}>
                                    <th scope="row">{pretty(term.name)}</th>
                                    <td>
                                        <Weight
                                            layer={chosen.layer}
                                            from={term.from}
                                            unit={chosen.unit}
                                            first={j === 0}
                                            label={t('inspect.weight', { name: pretty(term.name) })}
                                        />
                                    </td>
                                    <td>{number(term.input)}</td>
                                    <td>{number(term.product)}</td>
                                    {reply.delta != null && <td>{number(term.gradient)}</td>}
                                </tr>
                            ))}
                            <tr class="bias-row">
                                <th scope="row">
                                    <span class="unseen">{t('inspect.bias')}</span>
                                    <Formula>
                                        <Sub base="x" at="0" />
                                        <Op>=</Op>
                                        <Num>1</Num>
                                    </Formula>
                                </th>
                                <td>
                                    <Weight
                                        layer={chosen.layer}
                                        from={-1}
                                        unit={chosen.unit}
                                        label={t('inspect.bias')}
                                    />
                                </td>
                                <td>1</td>
                                <td>{number(reply.bias)}</td>
                                {reply.delta != null && <td>{number(reply.delta)}</td>}
                            </tr>
                        </tbody>
                    </table>
                </div>
            </div>
        </div>
    );
}

/** A factor after a dot: negative ones in parentheses. */
const factor = (value: number | null) => (value !== null && value < 0 ? `(${number(value)})` : number(value));

const signClass = (value: number | null) => (value === null || value === 0 ? '' : value < 0 ? 'negative' : 'positive');

/** The line as text, with every digit, for checking by hand. */
export function arithmetic(unit: Pick<UnitArithmetic, 'terms' | 'bias' | 'field' | 'activation' | 'output'>): string {
    const terms = unit.terms.map(term => `${term.weight}·(${term.input})`).join(' + ');
    return `${terms} + ${unit.bias} = ${unit.field} → ${unit.activation} → ${unit.output}`;
}

function Where() {
    const place = probe.value;
    return (
        <p class="where">
            <Icon name="pin" />
            {'row' in place
                ? t('inspect.row', { row: rowOf(place.row) + 1 })
                : t('inspect.place', { place: place.raw.map(value => show(value, 3)).join('; ') })}
        </p>
    );
}

function Copy({ text }: { readonly text: string }) {
    const done = useSignal(false);
    return (
        <Button
            kind="quiet"
            icon={done.value ? 'check' : 'copy'}
            testid="copy-arithmetic"
            label={done.value ? t('copied') : t('inspect.copy')}
            onPress={async () => {
                await navigator.clipboard?.writeText(text);
                done.value = true;
                setTimeout(() => (done.value = false), 1500);
            }}
        />
    );
}

function Weight({
    layer,
    from,
    unit,
    label,
    first,
}: {
    readonly layer: number;
    readonly from: number;
    readonly unit: number;
    readonly label: string;
    readonly first?: boolean;
}) {
    const values = parameters.value;
    const value =
        from < 0 ? biasReader(state.value, values)(layer, unit) : weightReader(state.value, values)(layer, from, unit);
    const box = useRef<HTMLSpanElement>(null);
    useSignalEffect(() => {
        if (first === true && enterInspector.value) {
            enterInspector.value = false;
            box.current?.querySelector('input')?.focus();
        }
    });
    return (
        <span ref={box}>
            <NumberInput
                hideLabel
                label={label}
                testid={from < 0 ? 'edit-bias' : `edit-weight-${from}`}
                value={value ?? 0}
                onSet={next => void edit(layer, from, unit, next)}
            />
        </span>
    );
}

// ---------------------------------------------------------------- one link

function LinkView({ at: chosen }: { readonly at: Extract<Selection, { kind: 'link' }> }) {
    const reply = useLook<LinkArithmetic>(() => {
        const now = selection.value;
        return now.kind === 'link'
            ? { do: 'inspect', what: 'link', layer: now.layer, unit: now.unit, from: now.from, at: at() }
            : undefined;
    });
    const shown = state.value!;
    const layers = layersOf(shown);
    const k = layers.findIndex(layer => layer.index === chosen.layer);
    const sink = unitName(shown, k, layers.length - 1, chosen.unit);
    const source =
        chosen.from < 0
            ? ''
            : k === 0
              ? pretty(shown.network.inputs[chosen.from] ?? '')
              : unitName(shown, k - 1, layers.length - 1, chosen.from);
    const facts: readonly (readonly [string, number | null | undefined, string])[] = [
        [t('link.input'), reply?.input, 'x'],
        [t('link.product'), reply?.product, 'W·x'],
        [t('link.gradient'), reply?.gradient, '∂L/∂W'],
        [t('link.batch'), reply?.batchGradient, '∂C/∂W'],
        [t('link.update'), reply?.update, 'ΔW'],
    ];
    return (
        <div class="inspect" data-testid="inspect-link">
            <header class="inspect-head">
                <h2>
                    {chosen.from < 0 ? t('link.bias', { name: sink }) : t('link.title', { from: source, to: sink })}
                </h2>
                <Where />
                <button
                    type="button"
                    class="linklike"
                    data-testid="link-unit"
                    onClick={() => (selection.value = { kind: 'unit', layer: chosen.layer, unit: chosen.unit })}
                >
                    {t('link.unit')}
                </button>
            </header>
            <div class="inspect-columns">
                <label class="field wide-number">
                    <span class="field-name">{chosen.from < 0 ? 'b' : 'W'}</span>
                    <Weight layer={chosen.layer} from={chosen.from} unit={chosen.unit} label={t('link.value')} first />
                    <span class="note">{t('link.edit')}</span>
                </label>
                <dl class="facts columns">
                    {facts.map(([name, value, symbol]) => (
                        <div key={symbol}>
                            <dt>
                                <span class="symbol">{symbol}</span> {name}
                            </dt>
                            <dd>{number(value)}</dd>
                        </div>
                    ))}
                </dl>
            </div>
        </div>
    );
}

// ---------------------------------------------------------------- one example

function ExampleView({ row }: { readonly row: number }) {
    const reply = useLook<ExampleArithmetic>(() => {
        const now = selection.value;
        return now.kind === 'example' ? { do: 'inspect', what: 'example', at: { row: rowOf(now.row) } } : undefined;
    });
    const data = state.value?.data;
    const target = points.value?.targets[row];
    const isClass = data !== undefined && data.classes.length > 0;
    const layers = state.value === undefined ? [] : layersOf(state.value);
    return (
        <div class="inspect" data-testid="inspect-example">
            <header class="inspect-head">
                <h2>{t('example.title', { row: rowOf(row) + 1 })}</h2>
                <p class="note">{points.value?.parts[row] === 1 ? t('example.test') : t('example.train')}</p>
            </header>
            {reply !== undefined && (
                <div class="inspect-columns">
                    <dl class="facts">
                        <dt>{t('example.target')}</dt>
                        <dd>
                            {isClass && target !== undefined && <Mark index={target} />}
                            {isClass ? signed(data.classes[target ?? 0] ?? '') : number(target)}
                        </dd>
                        <dt>{t('example.answer')}</dt>
                        <dd>
                            {isClass && <Mark index={Math.max(0, data.classes.indexOf(reply.answer))} />}
                            {isClass ? signed(reply.answer) : number(Number(reply.answer))}
                        </dd>
                        <dt>
                            <Formula>
                                <msup>
                                    <mi>L</mi>
                                    <mi>r</mi>
                                </msup>
                            </Formula>{' '}
                            {t('example.cost')}
                        </dt>
                        <dd class="result" data-testid="example-cost">
                            {number(reply.cost)}
                        </dd>
                    </dl>
                    <p class="formulas">
                        <Formula>
                            <msup>
                                <mi>L</mi>
                                <mi>r</mi>
                            </msup>
                            <Op>=</Op>
                            <FormulaText text={reply.costFormula} />
                        </Formula>
                    </p>
                    <div class="scroll-x" tabIndex={0} role="region" aria-label={t('example.flow')}>
                        <table class="mini">
                            <caption class="unseen">{t('example.flow')}</caption>
                            <tbody>
                                <tr>
                                    <th scope="row">{t('network.inputs')}</th>
                                    {reply.inputs.slice(0, 12).map((value, k) => (
                                        <td key={k}>{number(value)}</td>
                                    ))}
                                </tr>
                                {reply.layers.map((values, k) => (
                                    <tr key={k}>
                                        <th scope="row">{layerName(k, layers.length - 1)}</th>
                                        {values.slice(0, 12).map((value, j) => (
                                            <td key={j}>{number(value)}</td>
                                        ))}
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </div>
                </div>
            )}
        </div>
    );
}
