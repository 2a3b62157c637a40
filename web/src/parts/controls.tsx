// The page's own controls. Each is a native control underneath, so keyboard, touch and assistive technology work as
// everywhere.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../text';
import { exact, parseNumber } from '../text/numbers';
import { Icon, type IconName } from './icons';

interface ButtonProps {
    readonly label: string;
    readonly testid: string;
    readonly onPress: () => void;
    readonly icon?: IconName;
    /** Shows the label beside the icon; otherwise it is the accessible name alone. */
    readonly wide?: boolean;
    readonly kind?: 'plain' | 'primary' | 'quiet';
    readonly pressed?: boolean | undefined;
    readonly disabled?: boolean | undefined;
    readonly keys?: string;
    readonly children?: ComponentChildren;
}

export function Button({
    label,
    testid,
    onPress,
    icon,
    wide,
    kind = 'plain',
    pressed,
    disabled,
    keys,
    children,
}: ButtonProps) {
    const shown = wide === true || icon === undefined;
    return (
        <button
            type="button"
            class={`button ${kind}${shown ? '' : ' square'}`}
            data-testid={testid}
            disabled={disabled}
            aria-label={shown && children === undefined ? undefined : label}
            aria-pressed={pressed}
            aria-keyshortcuts={keys}
            title={keys === undefined ? label : `${label} (${keys})`}
            onClick={onPress}
        >
            {icon !== undefined && <Icon name={icon} />}
            {children ?? (shown && <span>{label}</span>)}
        </button>
    );
}

interface SelectProps<V extends string> {
    readonly label: string;
    readonly testid: string;
    readonly value: V;
    readonly options: readonly { readonly value: V; readonly text: string; readonly hint?: string }[];
    readonly onPick: (value: V) => void;
    readonly inline?: boolean;
    readonly hideLabel?: boolean;
    readonly disabled?: boolean;
}

export function Select<V extends string>({
    label,
    testid,
    value,
    options,
    onPick,
    inline,
    hideLabel,
    disabled,
}: SelectProps<V>) {
    const bare = inline === true || hideLabel === true;
    const select = (
        <span class={inline === true ? 'choose inline' : 'choose'}>
            <select
                data-testid={testid}
                value={value}
                aria-label={bare ? label : undefined}
                disabled={disabled}
                onChange={event => onPick(event.currentTarget.value as V)}
            >
                {options.map(option => (
                    <option key={option.value} value={option.value} title={option.hint}>
                        {option.text}
                    </option>
                ))}
            </select>
        </span>
    );
    return bare ? (
        select
    ) : (
        <label class="field">
            <span class="field-name">{label}</span>
            {select}
        </label>
    );
}

interface NumberProps {
    readonly label: string;
    readonly testid: string;
    readonly value: number;
    readonly onSet: (value: number) => void;
    readonly min?: number | undefined;
    readonly max?: number | undefined;
    readonly whole?: boolean | undefined;
    /** Values worth offering, as a list that the field suggests. */
    readonly offers?: readonly number[] | undefined;
    readonly inline?: boolean;
    readonly hideLabel?: boolean;
    readonly invalid?: string | undefined;
}

/**
 * A number as people write it: a decimal comma, a fraction, an exponent. Enter or leaving sets it, Escape puts it
 * back, ↑ ↓ step it.
 */
export function NumberInput({ label, testid, value, onSet, min, max, whole, offers, inline, hideLabel }: NumberProps) {
    const [draft, setDraft] = useState<string | undefined>(undefined);
    const [trouble, setTrouble] = useState('');
    const list = useId();
    const message = useId();
    const input = useRef<HTMLInputElement>(null);
    const text = draft ?? exact(value).replaceAll('-', '−');

    const commit = () => {
        if (draft === undefined) return;
        const read = parseNumber(draft);
        if (!read.ok) {
            setTrouble(t(`number.${read.why}`, { text: draft }));
            return;
        }
        const bad =
            whole === true && !Number.isInteger(read.value)
                ? t('number.whole')
                : min !== undefined && read.value < min
                  ? t('number.min', { min: exact(min) })
                  : max !== undefined && read.value > max
                    ? t('number.max', { max: exact(max) })
                    : '';
        setTrouble(bad);
        if (bad !== '') return;
        setDraft(undefined);
        if (read.value !== value) onSet(read.value);
    };
    const nudge = (up: boolean) => {
        const next = neighbour(value, up, offers, whole === true);
        const held = Math.min(max ?? Number.POSITIVE_INFINITY, Math.max(min ?? Number.NEGATIVE_INFINITY, next));
        setDraft(undefined);
        setTrouble('');
        if (held !== value) onSet(held);
    };
    const bare = inline === true || hideLabel === true;
    const field = (
        <span class={inline === true ? 'number inline' : 'number'}>
            <input
                ref={input}
                type="text"
                inputMode="decimal"
                autoComplete="off"
                spellcheck={false}
                data-testid={testid}
                aria-label={bare ? label : undefined}
                aria-invalid={trouble !== ''}
                value={text}
                aria-describedby={trouble !== '' ? message : undefined}
                list={offers === undefined ? undefined : list}
                size={Math.min(14, Math.max(3, text.length + 1))}
                onInput={event => setDraft(event.currentTarget.value)}
                onBlur={commit}
                onChange={commit}
                onKeyDown={event => {
                    if (event.key === 'Enter') {
                        commit();
                    } else if (event.key === 'Escape') {
                        // What was typed goes first; a further Escape closes what the field is in.
                        if (draft !== undefined) event.preventDefault();
                        setDraft(undefined);
                        setTrouble('');
                    } else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
                        event.preventDefault();
                        nudge(event.key === 'ArrowUp');
                    }
                }}
            />
            {offers !== undefined && (
                <datalist id={list}>
                    {offers.map(offer => (
                        <option key={offer} value={exact(offer)} />
                    ))}
                </datalist>
            )}
            {trouble !== '' && (
                <span class="trouble" id={message} role="alert">
                    {trouble}
                </span>
            )}
        </span>
    );
    return bare ? (
        field
    ) : (
        <label class="field">
            <span class="field-name">{label}</span>
            {field}
        </label>
    );
}

function neighbour(value: number, up: boolean, offers: readonly number[] | undefined, whole: boolean): number {
    if (offers !== undefined && offers.length > 0) {
        const sorted = [...offers].sort((a, b) => a - b);
        return (up ? sorted.find(o => o > value) : sorted.findLast(o => o < value)) ?? value;
    }
    const pace = whole ? 1 : 0.1;
    return Math.round((value + (up ? pace : -pace)) * 1e6) / 1e6;
}

interface SliderProps {
    readonly label: string;
    readonly testid: string;
    readonly value: number;
    readonly min: number;
    readonly max: number;
    readonly step: number;
    readonly show: (value: number) => string;
    readonly onSet: (value: number) => void;
    readonly disabled?: boolean;
}

/**
 * A slider with its value in words; dragging shows, letting go sets. A range input's arrows are the key alternative,
 * − and + the click one.
 */
export function Slider({ label, testid, value, min, max, step, show, onSet, disabled }: SliderProps) {
    // What a hand holds counts until the value changes; an effect that lets go would come after the next key.
    const [held, setHeld] = useState<{ readonly from: number; readonly to: number } | undefined>(undefined);
    const shown = held?.from === value ? held.to : value;
    const bump = (by: number) => onSet(Math.min(max, Math.max(min, Math.round((value + by) / step) * step)));
    return (
        <div class="field slider">
            <label class="field-name" for={testid}>
                {label}
            </label>
            <output class="field-value" for={testid}>
                {show(shown)}
            </output>
            <div class="slider-row">
                <button
                    type="button"
                    class="nudge"
                    aria-label={t('less', { what: label })}
                    disabled={disabled === true || value <= min}
                    data-testid={`${testid}-less`}
                    onClick={() => bump(-step)}
                >
                    −
                </button>
                <input
                    id={testid}
                    type="range"
                    data-testid={testid}
                    min={min}
                    max={max}
                    step={step}
                    value={shown}
                    disabled={disabled}
                    aria-valuetext={show(shown)}
                    onInput={event => setHeld({ from: value, to: Number(event.currentTarget.value) })}
                    onChange={event => onSet(Number(event.currentTarget.value))}
                />
                <button
                    type="button"
                    class="nudge"
                    aria-label={t('more', { what: label })}
                    disabled={disabled === true || value >= max}
                    data-testid={`${testid}-more`}
                    onClick={() => bump(step)}
                >
                    +
                </button>
            </div>
        </div>
    );
}

interface StepperProps {
    readonly label: string;
    readonly testid: string;
    readonly value: number;
    readonly min: number;
    readonly max: number;
    readonly onSet: (value: number) => void;
}

export function Stepper({ label, testid, value, min, max, onSet }: StepperProps) {
    return (
        <span class="stepper" role="group" aria-label={label}>
            <button
                type="button"
                class="nudge"
                data-testid={`${testid}-less`}
                aria-label={t('less', { what: label })}
                disabled={value <= min}
                onClick={() => onSet(value - 1)}
            >
                −
            </button>
            <span class="stepper-value" data-testid={testid}>
                {value}
            </span>
            <button
                type="button"
                class="nudge"
                data-testid={`${testid}-more`}
                aria-label={t('more', { what: label })}
                disabled={value >= max}
                onClick={() => onSet(value + 1)}
            >
                +
            </button>
        </span>
    );
}

interface CheckProps {
    readonly label: string;
    readonly testid: string;
    readonly on: boolean;
    readonly onSet: (on: boolean) => void;
}

export function Check({ label, testid, on, onSet }: CheckProps) {
    return (
        <label class="check">
            <input
                type="checkbox"
                role="switch"
                data-testid={testid}
                checked={on}
                onChange={event => onSet(event.currentTarget.checked)}
            />
            <span>{label}</span>
        </label>
    );
}

interface TabsProps<V extends string> {
    readonly label: string;
    readonly testid: string;
    readonly value: V;
    readonly tabs: readonly { readonly value: V; readonly text: string }[];
    readonly onPick: (value: V) => void;
    readonly children: ComponentChildren;
}

/** Tabs as the ARIA pattern has them: one stop, arrows move. */
export function Tabs<V extends string>({ label, testid, value, tabs, onPick, children }: TabsProps<V>) {
    const strip = useRef<HTMLDivElement>(null);
    const move = (event: KeyboardEvent) => {
        const forward = getComputedStyle(strip.current!).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
        const back = forward === 'ArrowRight' ? 'ArrowLeft' : 'ArrowRight';
        const at = tabs.findIndex(tab => tab.value === value);
        const to =
            event.key === forward
                ? at + 1
                : event.key === back
                  ? at - 1
                  : event.key === 'Home'
                    ? 0
                    : event.key === 'End'
                      ? tabs.length - 1
                      : undefined;
        if (to === undefined) return;
        event.preventDefault();
        const tab = tabs[(to + tabs.length) % tabs.length]!;
        onPick(tab.value);
        strip.current!.querySelector<HTMLElement>(`[data-tab="${tab.value}"]`)?.focus();
    };
    return (
        <div class="tabs">
            <div class="tab-strip" role="tablist" aria-label={label} ref={strip} onKeyDown={move}>
                {tabs.map(tab => (
                    <button
                        key={tab.value}
                        type="button"
                        role="tab"
                        id={`${testid}-${tab.value}`}
                        data-tab={tab.value}
                        data-testid={`${testid}-${tab.value}`}
                        aria-selected={tab.value === value}
                        aria-controls={`${testid}-panel`}
                        tabIndex={tab.value === value ? 0 : -1}
                        onClick={() => onPick(tab.value)}
                    >
                        {tab.text}
                    </button>
                ))}
            </div>
            <div class="tab-panel" role="tabpanel" id={`${testid}-panel`} aria-labelledby={`${testid}-${value}`}>
                {children}
            </div>
        </div>
    );
}

interface DialogProps {
    readonly title: string;
    readonly testid: string;
    readonly onClose: () => void;
    readonly children: ComponentChildren;
    readonly wide?: boolean;
}

/** A modal dialog: the browser's own, with its focus trap and Escape. */
export function Dialog({ title, testid, onClose, children, wide }: DialogProps) {
    const dialog = useRef<HTMLDialogElement>(null);
    const heading = useId();
    useEffect(() => {
        const before = document.activeElement;
        dialog.current?.showModal();
        return () => before instanceof HTMLElement && before.focus();
    }, []);
    return (
        <dialog
            ref={dialog}
            class={wide === true ? 'dialog wide' : 'dialog'}
            data-testid={testid}
            aria-labelledby={heading}
            onClose={onClose}
            onClick={event => event.target === dialog.current && dialog.current?.close()}
        >
            <div class="dialog-body">
                <header class="dialog-head">
                    <h2 id={heading}>{title}</h2>
                    <Button
                        label={t('close')}
                        icon="close"
                        kind="quiet"
                        testid={`${testid}-close`}
                        onPress={() => dialog.current?.close()}
                    />
                </header>
                {children}
            </div>
        </dialog>
    );
}

/** A menu button with a panel below it: the browser's popover, closed by Escape and by a click outside. */
export function Menu({
    label,
    testid,
    icon,
    children,
    wide,
}: {
    readonly label: string;
    readonly testid: string;
    readonly icon: IconName;
    readonly children: ComponentChildren;
    readonly wide?: boolean;
}) {
    const id = useId().replaceAll(':', '');
    const panel = useRef<HTMLDivElement>(null);
    const button = useRef<HTMLButtonElement>(null);
    const place = () => {
        const [box, own] = [button.current!.getBoundingClientRect(), panel.current!];
        const width = own.offsetWidth;
        const left = Math.max(8, Math.min(innerWidth - width - 8, box.right - width));
        own.style.left = `${left}px`;
        own.style.top = `${Math.min(box.bottom + 6, Math.max(8, innerHeight - own.offsetHeight - 8))}px`;
    };
    return (
        <>
            <button
                ref={button}
                type="button"
                class={`button quiet${wide === true ? '' : ' square'}`}
                popovertarget={id}
                data-testid={testid}
                aria-label={wide === true ? undefined : label}
                title={label}
            >
                <Icon name={icon} />
                {wide === true && <span>{label}</span>}
            </button>
            <div
                ref={panel}
                id={id}
                popover="auto"
                class="menu"
                data-testid={`${testid}-menu`}
                onToggle={event => event.newState === 'open' && place()}
            >
                {children}
            </div>
        </>
    );
}
