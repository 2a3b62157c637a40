using Downhill.Threading;

namespace Downhill.Tests.Threading;

public sealed class RelayTests
{
    private readonly struct Sums(Relay relay, long[] sums) : IJob
    {
        public void Execute(int part, int parts)
        {
            for (int piece = 0; piece < sums.Length; piece++)
            {
                relay.Wait(part);
                // Not commutative: any other order of the parts gives another number.
                sums[piece] = sums[piece] * 31 + part;
                relay.HandOn(part);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Each_piece_is_done_by_the_parts_in_their_order(int parts)
    {
        using Team team = new(parts);
        Relay relay = new(parts);
        long[] sums = new long[50], expected = new long[50];
        for (int round = 0; round < 200; round++)
        {
            Sums job = new(relay, sums);
            team.Run(ref job);
            for (int piece = 0; piece < expected.Length; piece++)
                for (int part = 0; part < parts; part++) expected[piece] = expected[piece] * 31 + part;
            Assert.Equal(expected, sums);
        }
    }
}
