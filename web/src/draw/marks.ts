// The marks of classes: a shape each, so that no point is told by colour alone. Paths are centred on the origin,
// radius 1.

import { shapes, type Shape } from '../look/themes';

const polygon = (corners: number, turn: number) => {
    const points: [number, number][] = [];
    for (let k = 0; k < corners; k++) {
        const angle = turn + (k * 2 * Math.PI) / corners;
        points.push([Math.cos(angle), Math.sin(angle)]);
    }
    return points;
};

const scaled = (points: readonly (readonly [number, number])[], size: number) =>
    points.map(([x, y]) => [x * size, y * size] as const);

const up = -Math.PI / 2;
const outlines: Record<Exclude<Shape, 'circle'>, readonly (readonly [number, number])[]> = {
    triangle: scaled(polygon(3, up), 1.25),
    square: scaled(polygon(4, Math.PI / 4), 1.2),
    diamond: scaled(polygon(4, 0), 1.2),
    plus: cross(0),
    cross: cross(Math.PI / 4),
    star: starPoints(),
    pentagon: scaled(polygon(5, up), 1.1),
    hexagon: scaled(polygon(6, 0), 1.1),
    bar: [
        [-1.3, -0.5],
        [1.3, -0.5],
        [1.3, 0.5],
        [-1.3, 0.5],
    ],
};

function cross(turn: number): (readonly [number, number])[] {
    const arm = 0.42;
    const corners: [number, number][] = [
        [-arm, -1.2],
        [arm, -1.2],
        [arm, -arm],
        [1.2, -arm],
        [1.2, arm],
        [arm, arm],
        [arm, 1.2],
        [-arm, 1.2],
        [-arm, arm],
        [-1.2, arm],
        [-1.2, -arm],
        [-arm, -arm],
    ];
    return corners.map(([x, y]) => [x * Math.cos(turn) - y * Math.sin(turn), x * Math.sin(turn) + y * Math.cos(turn)]);
}

function starPoints(): (readonly [number, number])[] {
    const [outer, inner] = [polygon(5, up), polygon(5, up + Math.PI / 5)];
    return outer.flatMap(
        (point, k) =>
            [
                [point[0] * 1.35, point[1] * 1.35],
                [inner[k]![0] * 0.6, inner[k]![1] * 0.6],
            ] as const,
    );
}

export function shapeOf(classIndex: number): Shape {
    return shapes[classIndex % shapes.length]!;
}

/** Adds the mark's outline to the current path of a canvas. */
export function addMark(
    context: CanvasRenderingContext2D | Path2D,
    shape: Shape,
    x: number,
    y: number,
    radius: number,
): void {
    if (shape === 'circle') {
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 2 * Math.PI);
        return;
    }
    outlines[shape].forEach(([px, py], k) => {
        if (k === 0) context.moveTo(x + px * radius, y + py * radius);
        else context.lineTo(x + px * radius, y + py * radius);
    });
    context.closePath();
}

/** The mark as an SVG path, for legends and exports. */
export function markPath(shape: Shape, radius: number): string {
    if (shape === 'circle')
        return `M${radius} 0A${radius} ${radius} 0 1 1 ${-radius} 0A${radius} ${radius} 0 1 1 ${radius} 0Z`;
    return (
        'M' + outlines[shape].map(([x, y]) => `${(x * radius).toFixed(2)} ${(y * radius).toFixed(2)}`).join('L') + 'Z'
    );
}
