// The plane of the data under a map of the network's answers, with its examples: a shape and a colour for each class.

import './chart.css';

import { markPath, shapeOf } from '../draw/marks';
import { points, rowOf, state } from '../session';
import { frameOf, MapPlot } from './parts';

/** Training rows are filled, the others open: test rows as they are, validation rows smaller. */
export function Plane({
    bytes,
    size,
    label,
    testid,
    selected,
    onSelect,
    width = 460,
}: {
    readonly bytes: Uint8Array | undefined;
    readonly size: number;
    readonly label: string;
    readonly testid: string;
    /** Row of the data. */
    readonly selected?: number;
    readonly onSelect?: (row: number) => void;
    readonly width?: number;
}) {
    const data = state.value?.data;
    const shown = points.value;
    const [x0, x1, y0, y1] = data?.domain ?? [-1, 1, -1, 1];
    const frame = frameOf({ x: [x0, x1], y: [y0, y1] }, width, Math.round(width * 0.93));
    const [first, second] = [data?.rawInputs[data.axes[0]] ?? 'x', data?.rawInputs[data.axes[1]] ?? 'y'];
    const place = (x: number, y: number) => {
        if (shown === undefined) return;
        let [best, nearest] = [-1, Infinity];
        shown.rows.forEach((row, k) => {
            const far = Math.hypot(
                frame.px(shown.xy[2 * k]!) - frame.px(x),
                frame.py(shown.xy[2 * k + 1]!) - frame.py(y),
            );
            if (far < nearest) [best, nearest] = [row, far];
        });
        if (best >= 0) onSelect?.(best);
    };
    return (
        <MapPlot
            bytes={bytes?.subarray(0, size * size)}
            size={size}
            frame={frame}
            label={label}
            x={first}
            y={second}
            testid={testid}
            {...(onSelect === undefined ? {} : { onPlace: place })}
        >
            <g class="examples">
                {shown !== undefined &&
                    Array.from(shown.rows, (_, k) => {
                        const row = rowOf(k);
                        const part = ['train', 'test', 'validation'][shown.parts[k]!]!;
                        const target = shown.targets[k]!;
                        const sign = (data?.classes.length ?? 0) === 0 ? target > 0 : target === 1;
                        return (
                            <path
                                key={row}
                                class={`mark ${part} ${sign ? 'plus' : 'minus'}`}
                                data-testid={`${testid}-${row}`}
                                d={markPath(shapeOf(target), part === 'validation' ? 3.4 : 4.6)}
                                transform={`translate(${frame.px(shown.xy[2 * k]!)} ${frame.py(shown.xy[2 * k + 1]!)})`}
                            />
                        );
                    })}
                {shown !== undefined &&
                    selected !== undefined &&
                    Array.from(shown.rows, (row, k) =>
                        row !== selected ? null : (
                            <circle
                                key={row}
                                class="chosen"
                                cx={frame.px(shown.xy[2 * k]!)}
                                cy={frame.py(shown.xy[2 * k + 1]!)}
                                r={10}
                            />
                        ),
                    )}
            </g>
        </MapPlot>
    );
}
