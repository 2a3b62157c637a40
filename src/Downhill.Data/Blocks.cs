namespace Downhill.Data;

/// <summary>A list that grows by blocks, so that growing copies nothing, and becomes one array at the end.</summary>
internal sealed class Blocks<T>
{
    private const int BlockLength = 1 << 18;
    private readonly List<T[]> full = [];
    private T[] block = new T[1024];
    private int used;

    public long Count { get; private set; }

    public void Add(T value)
    {
        if (used == block.Length) Grow();
        block[used++] = value;
        Count++;
    }

    private void Grow()
    {
        if (full.Count == 0 && block.Length < BlockLength)
        {
            Array.Resize(ref block, 2 * block.Length);
            return;
        }
        full.Add(block);
        (block, used) = (new T[BlockLength], 0);
    }

    /// <summary>All of it; the list is empty afterwards.</summary>
    public T[] ToArray()
    {
        T[] all = GC.AllocateUninitializedArray<T>((int)Count);
        int at = 0;
        for (int i = 0; i < full.Count; i++)
        {
            full[i].CopyTo(all, at);
            at += full[i].Length;
            full[i] = [];
        }
        block.AsSpan(0, used).CopyTo(all.AsSpan(at));
        full.Clear();
        (block, used, Count) = ([], 0, 0);
        return all;
    }
}
