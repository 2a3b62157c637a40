// Pictures to take away: the output map with its points as PNG, the network as SVG for a paper.

import { markPath, shapeOf } from '../draw/marks';
import { linkWidth } from '../draw/links';
import { layersOf, biasReader, weightReader } from './network';
import { theme } from '../look/theme';
import { isClasses, parameters, state } from '../session';
import { brief } from '../text/numbers';
import { pretty } from '../text/symbols';

export function save(name: string, content: Uint8Array | Blob | string, mime: string): void {
    const blob = content instanceof Blob ? content : new Blob([content as BlobPart], { type: mime });
    const address = URL.createObjectURL(blob);
    const anchor = document.createElement('a');
    anchor.href = address;
    anchor.download = name;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

const base = () => `downhill-${state.value?.data.name ?? 'network'}`;

/** The map and the points over it, at twice the size of the screen. */
export function savePng(): void {
    const square = document.querySelector('.map-square');
    const [map, over] = [
        square?.querySelector<HTMLCanvasElement>('canvas.map'),
        square?.querySelector<HTMLCanvasElement>('canvas.over'),
    ];
    if (map == null || over == null) return;
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = Math.max(800, over.width);
    const context = canvas.getContext('2d')!;
    context.drawImage(map, 0, 0, canvas.width, canvas.height);
    context.drawImage(over, 0, 0, canvas.width, canvas.height);
    canvas.toBlob(blob => blob !== null && save(`${base()}.png`, blob, 'image/png'), 'image/png');
}

export function saveSvg(): void {
    const text = networkSvg();
    if (text !== undefined) save(`${base()}.svg`, text, 'image/svg+xml');
}

const escape = (text: string) => text.replace(/[&<>"]/g, letter => `&#${letter.charCodeAt(0)};`);

/** The network as a drawing: width is size, dashes and colour are sign, biases beside their units. */
export function networkSvg(): string | undefined {
    const [shown, values] = [state.value, parameters.value];
    if (shown === undefined || values === undefined) return undefined;
    const look = theme.value;
    const layers = layersOf(shown);
    const counts = [shown.network.inputs.length, ...layers.map(layer => layer.units)];
    const [gap, pitch] = [170, 56];
    const height = Math.max(...counts) * pitch + 60;
    const width = (counts.length - 1) * gap + 220;
    const x = (k: number) => 90 + k * gap;
    const y = (k: number, unit: number) => height / 2 + (unit - (counts[k]! - 1) / 2) * pitch;
    const weight = weightReader(shown, values);
    const bias = biasReader(shown, values);
    const parts: string[] = [];
    for (let k = 1; k < counts.length; k++) {
        for (let unit = 0; unit < counts[k]!; unit++) {
            for (let from = 0; from < counts[k - 1]!; from++) {
                const w = weight(layers[k - 1]!.index, from, unit);
                const [x0, y0, x1, y1] = [x(k - 1) + 14, y(k - 1, from), x(k) - 14, y(k, unit)];
                const bend = (x1 - x0) / 2;
                parts.push(
                    `<path d="M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}" fill="none" stroke="${w < 0 ? look.negativeInk : look.positiveInk}" ` +
                        `stroke-width="${linkWidth(w).toFixed(2)}"${w < 0 ? ' stroke-dasharray="6 3"' : ''}><title>${w}</title></path>`,
                );
            }
        }
    }
    for (let k = 0; k < counts.length; k++) {
        for (let unit = 0; unit < counts[k]!; unit++) {
            parts.push(
                `<circle cx="${x(k)}" cy="${y(k, unit)}" r="14" fill="${look.panel}" stroke="${look.ink}" stroke-width="1.5"/>`,
            );
            if (k === 0) {
                parts.push(
                    `<text x="${x(0) - 22}" y="${y(0, unit) + 5}" text-anchor="end">${escape(pretty(shown.network.inputs[unit]!))}</text>`,
                );
            } else {
                const b = bias(layers[k - 1]!.index, unit);
                parts.push(
                    b === undefined
                        ? ''
                        : `<text x="${x(k)}" y="${y(k, unit) + 27}" text-anchor="middle" font-size="11">${b > 0 ? '+' : ''}${brief(b)}</text>`,
                );
                if (k === counts.length - 1 && isClasses.value && counts[k]! > 1)
                    parts.push(
                        `<path transform="translate(${x(k) + 28} ${y(k, unit)})" d="${markPath(shapeOf(unit), 6)}"/>`,
                    );
            }
        }
    }
    return (
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="Source Sans 3, sans-serif" font-size="15" fill="${look.ink}">` +
        `<rect width="100%" height="100%" fill="${look.panel}"/>${parts.join('')}</svg>`
    );
}
