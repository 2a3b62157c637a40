// Texts of settings that hold more than one thing: hidden layers "8,8:relu,4", catalog entries "adam(beta1=0.9)".

import { setting } from './session';

/** Splits at commas that stand outside parentheses. */
export function items(text: string): string[] {
    const out: string[] = [];
    let depth = 0;
    let part = '';
    for (const letter of text) {
        depth += letter === '(' ? 1 : letter === ')' ? -1 : 0;
        if (letter === ',' && depth === 0) {
            out.push(part.trim());
            part = '';
        } else {
            part += letter;
        }
    }
    out.push(part.trim());
    return out.filter(item => item !== '');
}

export function layerTexts(): readonly string[] {
    const value = setting<string[] | string>('layers', '');
    return Array.isArray(value) ? value : items(value);
}

export const nameOf = (form: string) => form.replace(/\(.*$/s, '');

/** A layer's text with another width, or with an activation of its own. */
export const withUnits = (layer: string, units: number) => layer.replace(/^\d+/, String(units));
export const withActivation = (layer: string, activation: string) => `${/^\d+/.exec(layer)?.[0] ?? '1'}:${activation}`;

export interface Taken {
    readonly name: string;
    readonly values: ReadonlyMap<string, string>;
}

/** An entry of a catalog taken apart; parameters without a name are named by their place in `order`. */
export function takeApart(form: string, order: readonly string[] = []): Taken {
    const match = /^([\w-]+)\s*(?:\((.*)\))?$/s.exec(form.trim());
    const values = new Map<string, string>();
    items(match?.[2] ?? '').forEach((part, index) => {
        const at = part.indexOf('=');
        if (at < 0) values.set(order[index] ?? `#${index}`, part);
        else values.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
    });
    return { name: match?.[1] ?? form, values };
}

export function putTogether({ name, values }: Taken): string {
    return values.size === 0 ? name : `${name}(${[...values].map(([key, value]) => `${key}=${value}`).join(',')})`;
}
