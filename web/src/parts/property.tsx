// Controls made from the engine's table of properties: what the table gains, the page offers without a line of its own.

import type { CatalogEntry, Property, SettingValue } from '../protocol';
import { nameOf, putTogether, takeApart } from '../layers';
import { hello, set, setting, state } from '../session';
import { t } from '../text';
import { exact } from '../text/numbers';
import { Check, NumberInput, Select } from './controls';
import { useId, useState } from 'preact/hooks';

export const property = (name: string): Property | undefined => hello.value?.properties.find(p => p.name === name);

const titles: Readonly<Record<string, string>> = { learningRate: 'η', l1: 'λ₁', l2: 'λ₂' };

/** "layerRates" → "Layer rates". */
export const titleOf = (name: string) =>
    titles[name] ??
    name
        .replace(/([A-Z])/g, ' $1')
        .toLowerCase()
        .replace(/^./, first => first.toUpperCase());

export const spaced = (name: string) => name.replaceAll('_', ' ');

const numbers = (choices: readonly (string | number)[] | undefined) => choices?.map(Number).filter(Number.isFinite);

/** The control of a property; with `hint`, what it does under it. */
export function PropertyControl({
    name,
    inline,
    hint,
}: {
    readonly name: string;
    readonly inline?: boolean;
    readonly hint?: boolean;
}) {
    const row = property(name);
    return hint === true && row !== undefined ? (
        <div class="stack hinted">
            <Control name={name} />
            <p class="hint">{row.summary}</p>
        </div>
    ) : (
        <Control name={name} {...(inline === undefined ? {} : { inline })} />
    );
}

function Control({ name, inline }: { readonly name: string; readonly inline?: boolean }) {
    const row = property(name);
    if (row === undefined) return null;
    const value = setting<SettingValue>(name, row.default);
    const common = {
        label: inline === true ? row.summary : titleOf(name),
        testid: `set-${name}`,
        ...(inline === undefined ? {} : { inline }),
    };
    const give = (next: SettingValue) => void set({ [name]: next });
    switch (row.kind) {
        case 'choice':
            return (
                <Select
                    {...common}
                    value={String(value)}
                    options={(row.choices ?? []).map(c => ({ value: String(c), text: spaced(String(c)) }))}
                    onPick={give}
                />
            );
        case 'flag':
            return <Check label={titleOf(name)} testid={common.testid} on={value === true} onSet={give} />;
        case 'number':
        case 'integer':
            return (
                <NumberInput
                    {...common}
                    value={Number(value)}
                    min={row.min}
                    max={row.max}
                    whole={row.kind === 'integer'}
                    offers={numbers(row.choices)}
                    onSet={give}
                />
            );
        case 'entry':
            return <EntryControl row={row} value={String(value)} inline={inline === true} />;
        default:
            return (
                <TextSetting
                    label={common.label}
                    testid={common.testid}
                    offers={entriesOf(row).map(entry => entry.form)}
                    value={Array.isArray(value) ? value.join(',') : String(value)}
                    inline={inline === true}
                    onSet={text =>
                        give(
                            row.kind === 'list'
                                ? text
                                      .split(',')
                                      .map(s => s.trim())
                                      .filter(s => s !== '')
                                : text,
                        )
                    }
                />
            );
    }
}

/** A text that is sent on Enter or on leaving, and put back by Escape. */
export function TextSetting({
    label,
    testid,
    value,
    inline,
    onSet,
    placeholder,
    offers = [],
}: {
    readonly offers?: readonly string[];
    readonly label: string;
    readonly testid: string;
    readonly value: string;
    readonly inline?: boolean;
    readonly placeholder?: string;
    readonly onSet: (text: string) => void;
}) {
    const [draft, setDraft] = useState<string | undefined>(undefined);
    const list = useId();
    const commit = () => {
        if (draft !== undefined && draft !== value) onSet(draft);
        setDraft(undefined);
    };
    const field = (
        <span class={inline === true ? 'number inline text' : 'number text'}>
            <input
                type="text"
                data-testid={testid}
                autoComplete="off"
                spellcheck={false}
                value={draft ?? value}
                placeholder={placeholder}
                aria-label={inline === true ? label : undefined}
                list={offers.length > 0 ? list : undefined}
                size={Math.max(6, Math.min(24, (draft ?? value).length + 1))}
                onInput={event => setDraft(event.currentTarget.value)}
                onBlur={commit}
                onKeyDown={event => {
                    if (event.key === 'Enter') commit();
                    else if (event.key === 'Escape' && draft !== undefined) {
                        event.preventDefault();
                        setDraft(undefined);
                    }
                }}
            />
            {offers.length > 0 && (
                <datalist id={list}>
                    {offers.map(offer => (
                        <option key={offer} value={offer} />
                    ))}
                </datalist>
            )}
        </span>
    );
    return inline === true ? (
        field
    ) : (
        <label class="field">
            <span class="field-name">{label}</span>
            {field}
        </label>
    );
}

function entriesOf(row: Property): readonly CatalogEntry[] {
    return row.catalog === undefined ? [] : (hello.value?.catalogs[row.catalog] ?? []);
}

/** A choice from a catalog, and beside it a field for each of the chosen entry's parameters. */
function EntryControl({
    row,
    value,
    inline,
}: {
    readonly row: Property;
    readonly value: string;
    readonly inline: boolean;
}) {
    const entries = entriesOf(row);
    const entry = entries.find(e => e.name === nameOf(value));
    const taken = takeApart(
        value,
        entry?.parameters.map(p => p.name),
    );
    const resolved = state.value?.resolved as Record<string, unknown> | undefined;
    const automatic = (row.choices ?? []).includes('auto');
    const auto =
        resolved !== undefined && typeof resolved[row.name] === 'string'
            ? spaced(nameOf(String(resolved[row.name])))
            : '';
    const options = [
        ...(automatic ? [{ value: 'auto', text: auto === '' ? t('auto.plain') : t('auto', { value: auto }) }] : []),
        ...entries.map(e => ({ value: e.name, text: spaced(e.name), hint: e.summary })),
    ];
    return (
        <span class={inline ? 'entry inline' : 'entry'}>
            <Select
                label={inline ? row.summary : titleOf(row.name)}
                testid={`set-${row.name}`}
                inline={inline}
                value={nameOf(value)}
                options={options}
                onPick={name => set({ [row.name]: name })}
            />
            {entry !== undefined && entry.parameters.length > 0 && (
                <span class="entry-parameters">
                    {entry.parameters.map(p => (
                        <span key={p.name} class="entry-parameter">
                            <span aria-hidden="true">{greek(p.name)}&#8239;=&#8239;</span>
                            <NumberInput
                                inline
                                label={`${spaced(entry.name)} ${p.name}`}
                                testid={`set-${row.name}-${p.name}`}
                                whole={p.whole}
                                min={p.min ?? undefined}
                                max={p.max ?? undefined}
                                value={Number(taken.values.get(p.name) ?? p.default)}
                                onSet={next =>
                                    set({
                                        [row.name]: putTogether({
                                            name: entry.name,
                                            values: new Map(taken.values).set(p.name, exact(next)),
                                        }),
                                    })
                                }
                            />
                        </span>
                    ))}
                </span>
            )}
        </span>
    );
}

const letters: Readonly<Record<string, string>> = {
    gamma: 'γ',
    rho: 'ρ',
    epsilon: 'ε',
    beta1: 'β₁',
    beta2: 'β₂',
    alpha: 'α',
    mu: 'μ',
    sigma: 'σ',
    delta: 'δ',
    omega: 'ω',
    eta: 'η',
};

export const greek = (name: string) => letters[name] ?? spaced(name);
