namespace Downhill.Bench.Micro;

/// <summary>Buffers of numbers from a fixed seed.</summary>
internal static class Numbers
{
    /// <summary>Uniform in [−1, 1).</summary>
    public static AlignedBuffer<float> Buffer(int length, uint stream = 0)
    {
        RandomStream numbers = new(1, RandomStreams.Split + stream);
        AlignedBuffer<float> buffer = new(length);
        for (int i = 0; i < length; i++) buffer.Span[i] = (float)numbers.Uniform((ulong)i, -1, 1);
        return buffer;
    }
}
