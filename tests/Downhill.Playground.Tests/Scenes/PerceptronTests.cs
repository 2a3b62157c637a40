using System.Text.Json;
using Xunit;

namespace Downhill.Playground.Tests.Scenes;

/// <summary>Rosenblatt's rule, written out here once more, and its proofs added up by hand.</summary>
public sealed class PerceptronTests : IDisposable
{
    private const string And = "[[0,0,-1],[0,1,-1],[1,0,-1],[1,1,1]]", Xor = "[[0,0,-1],[0,1,1],[1,0,1],[1,1,-1]]";
    private readonly Player player = new();

    public void Dispose() => player.Dispose();

    [Fact]
    public void EveryStepIsTheRule()
    {
        double[][] points = [[0, 0, -1], [0, 1, -1], [1, 0, -1], [1, 1, 1]];
        double b = 0, w1 = 0, w2 = 0;
        int mistakes = 0;
        for (int step = 0; step < 40; step++)
        {
            JsonElement said = Ask(And, step).Header;
            Assert.Equal((b, w1, w2), (said.GetProperty("bias").GetDouble(), said.GetProperty("weights")[0].GetDouble(),
                said.GetProperty("weights")[1].GetDouble()));
            Assert.Equal(mistakes, said.GetProperty("mistakes").GetInt32());
            if (said.GetProperty("converged").GetBoolean())
            {
                Assert.Equal(0, said.GetProperty("wrong").GetInt32());
                return;
            }
            double[] p = points[step % 4];
            if ((b + w1 * p[0] + w2 * p[1] >= 0 ? 1 : -1) == (int)p[2]) continue;
            (b, w1, w2, mistakes) = (b + p[2], w1 + p[2] * p[0], w2 + p[2] * p[1], mistakes + 1);
        }
        Assert.Fail("AND did not converge in 40 examples.");
    }

    [Fact]
    public void FurtherGoesToTheNextMistakeAndToTheEndOfThePass()
    {
        long steps = 0;
        for (int k = 0; k < 5; k++)
        {
            JsonElement said = player.Do(
                $"\"do\":\"perceptron\",\"points\":{And},\"steps\":{steps},\"further\":\"mistake\"").Header;
            Assert.True(said.GetProperty("steps").GetInt64() > steps);
            Assert.True(said.GetProperty("last").GetProperty("mistake").GetBoolean());
            steps = said.GetProperty("steps").GetInt64();
        }
        JsonElement pass = player.Do($"\"do\":\"perceptron\",\"points\":{And},\"steps\":3,\"further\":\"pass\"").Header;
        Assert.Equal(4, pass.GetProperty("steps").GetInt64());
    }

    [Fact]
    public void XorIsProvedImpossibleAndTheProofAddsUp()
    {
        JsonElement answer = player.Do($"\"do\":\"perceptron\",\"points\":{Xor},\"steps\":400,\"decide\":true").Header
            .GetProperty("answer");
        Assert.Equal("notSeparable", answer.GetProperty("kind").GetString());
        int[][] points = [[0, 0, -1], [0, 1, 1], [1, 0, 1], [1, 1, -1]];
        int[] sum = [0, 0, 0];
        int[] rows = [.. answer.GetProperty("rows").EnumerateArray().Select(r => r.GetInt32())];
        int[] multipliers = [.. answer.GetProperty("multipliers").EnumerateArray()
            .Select(m => int.Parse(m.GetString()!, System.Globalization.CultureInfo.InvariantCulture))];
        for (int k = 0; k < rows.Length; k++)
        {
            Assert.True(multipliers[k] > 0);
            int[] p = points[rows[k]];
            sum[0] += multipliers[k] * p[2];
            sum[1] += multipliers[k] * p[2] * p[0];
            sum[2] += multipliers[k] * p[2] * p[1];
        }
        Assert.NotEmpty(rows);
        Assert.Equal([0, 0, 0], sum);
    }

    [Fact]
    public void TheSessionsOwnRowsAreLearned()
    {
        player.Open("#v=1&data=gauss&rows=80");
        Heard heard = player.Do("\"do\":\"perceptron\",\"steps\":100000,\"decide\":true");
        Assert.True(heard.Header.GetProperty("converged").GetBoolean());
        int[] targets = heard.Wholes("targets");
        double[] fields = heard.Doubles("fields");
        Assert.All(Enumerable.Range(0, targets.Length), k => Assert.Equal(targets[k] > 0, fields[k] >= 0));
        Assert.Equal("separable", heard.Header.GetProperty("answer").GetProperty("kind").GetString());
    }

    [Theory]
    [InlineData("#v=1&data=spiral&classes=3", "two classes")]
    [InlineData("#v=1&data=iris", "two numbers")]
    public void WhatIsNoPlaneOfTwoClassesIsRefused(string hash, string says)
    {
        player.Open(hash);
        Assert.Contains(says, player.Ask("\"do\":\"perceptron\"").Error, StringComparison.Ordinal);
    }

    private Heard Ask(string points, int steps) =>
        player.Do($"\"do\":\"perceptron\",\"points\":{points},\"steps\":{steps}");
}
