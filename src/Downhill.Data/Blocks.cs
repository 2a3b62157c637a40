namespace Downhill.Data;

/// <summary>A list that grows by blocks, so that growing copies nothing, and becomes one array at the end.</summary>
internal sealed class Blocks<T>
{
    private const int BlockLength = 1 << 18;
    private readonly List<(T[] Items, int Used)> full = [];
    private T[] block = [];
    private int used;

    public long Count { get; private set; }

    public void Add(T value) => Take(1)[0] = value;

    /// <summary>Room for so many more, side by side, to be filled.</summary>
    public Span<T> Take(int count)
    {
        if (block.Length - used < count) Grow(count);
        Span<T> room = block.AsSpan(used, count);
        used += count;
        Count += count;
        return room;
    }

    private void Grow(int count)
    {
        if (used > 0) full.Add((block, used));
        // Small tables get small blocks.
        int length = (int)Math.Min(BlockLength, Math.Max(1024, Count));
        (block, used) = (new T[Math.Max(length, count)], 0);
    }

    /// <summary>All of it; the list is empty afterwards.</summary>
    public T[] ToArray()
    {
        T[] all = GC.AllocateUninitializedArray<T>((int)Count);
        int at = 0;
        if (used > 0) full.Add((block, used));
        for (int i = 0; i < full.Count; i++)
        {
            (T[] items, int length) = full[i];
            items.AsSpan(0, length).CopyTo(all.AsSpan(at));
            at += length;
            full[i] = ([], 0);
        }
        full.Clear();
        (block, used, Count) = ([], 0, 0);
        return all;
    }
}
