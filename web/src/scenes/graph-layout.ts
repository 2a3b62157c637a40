// Where the nodes of a graph stand: in columns from left to right, each before what uses it, near what it is made of.

export interface Placed {
    readonly column: number;
    readonly line: number;
}

interface Laid {
    readonly id: number;
    readonly kind: string;
    readonly from: readonly number[];
}

/** Nodes come in the order of evaluation, with their places as ids. */
export function layout(nodes: readonly Laid[]): readonly Placed[] {
    const users = nodes.map(() => [] as number[]);
    for (const node of nodes) for (const from of node.from) users[from]!.push(node.id);
    const columns = nodes.map(() => 0);
    for (const node of nodes)
        if (node.kind === 'value') columns[node.id] = 1 + Math.max(-1, ...node.from.map(from => columns[from]!));
    // What was given or learned stands right before its first use.
    nodes.forEach((node, k) => {
        const first = Math.min(...users[k]!.map(user => columns[user]!));
        if (node.kind !== 'value' && users[k]!.length > 0) columns[k] = Math.max(0, first - 1);
    });
    const lines = nodes.map(() => 0);
    const last = Math.max(0, ...columns);
    for (let column = 0; column <= last; column++) {
        const here = nodes.filter((_, k) => columns[k] === column);
        // Each near the middle of what it is made of; leaves beside what they go with, in their own order.
        const wish = (node: Laid): number => {
            const made = node.from.map(from => lines[from]!);
            if (made.length > 0) return made.reduce((a, b) => a + b, 0) / made.length;
            const beside = (users[node.id]![0] === undefined ? [] : nodes[users[node.id]![0]!]!.from)
                .filter(from => from !== node.id && (columns[from]! < column || nodes[from]!.from.length > 0))
                .map(from => (columns[from]! < column ? lines[from]! : wish(nodes[from]!)));
            return beside.length > 0 ? Math.max(...beside) + 0.5 : node.id / 1000;
        };
        const sorted = here.map(node => [wish(node), node] as const).sort((a, b) => a[0] - b[0] || a[1].id - b[1].id);
        let next = 0;
        for (const [wanted, node] of sorted) {
            lines[node.id] = Math.max(next, Math.floor(wanted));
            next = lines[node.id]! + 1;
        }
    }
    return nodes.map((_, k) => ({ column: columns[k]!, line: lines[k]! }));
}
