// A pad of 16 × 16 cells to draw on, with a pointer or with keys; and pictures of that size.

import { useRef, useState } from 'preact/hooks';
import { texts } from '../text';

export const SIDE = 16;
/** How near a cell's centre the pen must come, in cells. */
const REACH = 0.95;

const own = texts({
    pad: 'Drawing pad, 16 by 16 cells. Arrows move, Space inks or clears a cell, Shift with an arrow draws, Delete clears all.',
    cell: 'Row {row}, column {column}: {state}',
    ink: 'ink',
    paper: 'no ink',
    hint: 'Draw with a pointer, or with arrows and Space.',
});

/** 256 cells as 64 hexadecimal digits, so that a drawing fits into an address; and back. */
export function hexOf(cells: ArrayLike<number>): string {
    let text = '';
    for (let k = 0; k < cells.length; k += 4)
        text += (8 * cells[k]! + 4 * cells[k + 1]! + 2 * cells[k + 2]! + cells[k + 3]!).toString(16);
    return text;
}

export function cellsOf(hex: string): Uint8Array<ArrayBuffer> {
    const cells = new Uint8Array(SIDE * SIDE);
    if (/^[0-9a-f]{64}$/.test(hex))
        for (let k = 0; k < 256; k++) cells[k] = (parseInt(hex[k >> 2]!, 16) >> (3 - (k & 3))) & 1;
    return cells;
}

type Place = readonly [x: number, y: number];

/** Inks (or clears) what a pen covers on its way from one place to another. */
export function drawn(cells: Uint8Array<ArrayBuffer>, from: Place, to: Place, value = 1): Uint8Array<ArrayBuffer> {
    const next = cells.slice();
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    for (let k = 0; k < next.length; k++) {
        const [x, y] = [(k % SIDE) + 0.5 - from[0], Math.floor(k / SIDE) + 0.5 - from[1]];
        const along = Math.min(1, Math.max(0, (x * dx + y * dy) / Math.max(1e-9, dx * dx + dy * dy)));
        if (Math.hypot(x - along * dx, y - along * dy) <= REACH) next[k] = value;
    }
    return next;
}

/** A drawing of straight strokes, each through its places. */
export function strokes(...ways: readonly (readonly Place[])[]): Uint8Array<ArrayBuffer> {
    let cells = cellsOf('');
    for (const way of ways) for (let k = 0; k + 1 < way.length; k++) cells = drawn(cells, way[k]!, way[k + 1]!);
    return cells;
}

const inkPath = (cells: ArrayLike<number>) =>
    Array.from({ length: cells.length }, (_, k) =>
        cells[k]! > 0 ? `M${k % SIDE} ${Math.floor(k / SIDE)}h1v1h-1z` : '',
    ).join('');

const lines = Array.from({ length: SIDE - 1 }, (_, k) => `M${k + 1} 0V16M0 ${k + 1}H16`).join('');

/** A picture of 16 × 16 cells. */
export function InkPicture({
    cells,
    label,
    testid,
}: {
    readonly cells: ArrayLike<number>;
    readonly label: string;
    readonly testid: string;
}) {
    // prettier-ignore
    return (
        <svg class="ink-picture" viewBox="0 0 16 16" role="img" aria-label={label} data-testid={testid}>
            <rect class="paper" width="16" height="16" />
            <path class="ink" d={inkPath(cells)} />
        </svg>
    );
}

export function Pad({
    cells,
    latest,
    box,
    erase,
    onInk,
}: {
    readonly cells: Uint8Array<ArrayBuffer>;
    /** What is inked now, even if it has not been shown yet. */
    readonly latest: () => Uint8Array<ArrayBuffer>;
    readonly box: readonly number[] | null;
    readonly erase: boolean;
    readonly onInk: (cells: Uint8Array<ArrayBuffer>) => void;
}) {
    const svg = useRef<SVGSVGElement>(null);
    const last = useRef<Place | undefined>(undefined);
    const [cursor, setCursor] = useState<readonly [row: number, column: number]>([7, 7]);
    const [keys, setKeys] = useState(false);
    const placeOf = (event: PointerEvent): Place => {
        const { left, top, width, height } = svg.current!.getBoundingClientRect();
        return [(SIDE * (event.clientX - left)) / width, (SIDE * (event.clientY - top)) / height];
    };
    const value = erase ? 0 : 1;
    const [row, column] = cursor;
    return (
        <div class="pad">
            <svg
                ref={svg}
                class="pad-drawing"
                viewBox="0 0 16 16"
                role="application"
                tabIndex={0}
                aria-label={own('pad')}
                data-testid="ink-pad"
                onFocus={() => setKeys(true)}
                onBlur={() => setKeys(false)}
                onPointerDown={event => {
                    event.preventDefault();
                    svg.current!.setPointerCapture(event.pointerId);
                    const at = placeOf(event);
                    last.current = at;
                    onInk(drawn(latest(), at, at, value));
                }}
                onPointerMove={event => {
                    if (last.current === undefined || !svg.current!.hasPointerCapture(event.pointerId)) return;
                    const at = placeOf(event);
                    onInk(drawn(latest(), last.current, at, value));
                    last.current = at;
                }}
                onPointerUp={() => (last.current = undefined)}
                onKeyDown={event => {
                    const moves: Readonly<Record<string, Place>> = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }; // prettier-ignore
                    const move = moves[event.key];
                    const cell = latest();
                    if (move !== undefined) {
                        const to = [Math.min(15, Math.max(0, row + move[0])), Math.min(15, Math.max(0, column + move[1]))] as const; // prettier-ignore
                        setCursor(to);
                        if (event.shiftKey) {
                            cell[16 * row + column] = value;
                            cell[16 * to[0] + to[1]] = value;
                            onInk(cell);
                        }
                    } else if (event.key === ' ' || event.key === 'Enter') {
                        cell[16 * row + column] = 1 - cell[16 * row + column]!;
                        onInk(cell);
                    } else if (event.key === 'Delete' || event.key === 'Backspace') onInk(cellsOf(''));
                    else return;
                    event.preventDefault();
                    event.stopPropagation();
                }}
            >
                <rect class="paper" width="16" height="16" />
                <path class="pad-lines" d={lines} />
                <path class="ink" d={inkPath(cells)} />
                {box !== null && (
                    <rect
                        class="ink-box"
                        x={box[0]}
                        y={box[1]}
                        width={box[2]! - box[0]! + 1}
                        height={box[3]! - box[1]! + 1}
                    />
                )}
                {keys && <rect class="pad-cursor" x={column} y={row} width="1" height="1" />}
            </svg>
            <p class="caption" role="status" data-testid="ink-cell">
                {keys
                    ? own('cell', {
                          row: row + 1,
                          column: column + 1,
                          state: own(cells[16 * row + column] ? 'ink' : 'paper'),
                      })
                    : own('hint')}
            </p>
        </div>
    );
}
