using Xunit;

namespace Downhill.Tests;

public sealed class SuggestTests
{
    private static readonly string[] Names =
        ["tanh", "sigmoid", "leaky_relu", "relu", "softmax", "identity", "breast_cancer"];

    [Theory]
    [InlineData("tahn", "tanh")]
    [InlineData("TANH", "tanh")]
    [InlineData("sigmiod", "sigmoid")]
    [InlineData("sigmoïd", "sigmoid")]
    [InlineData("leaky-relu", "leaky_relu")]
    [InlineData("reul", "relu")]
    [InlineData("soft", "softmax")]
    [InlineData("cancer", "breast_cancer")]
    public void TheNearestNameIsFound(string typed, string meant)
    {
        Assert.Equal(meant, Suggest.Nearest(typed, Names));
        Assert.Equal($"Did you mean '{meant}'?", Suggest.DidYouMean(typed, Names));
    }

    [Theory]
    [InlineData("xyzzy")]
    [InlineData("")]
    [InlineData("adam")]
    public void NothingIsSuggestedWhenNothingIsNear(string typed)
    {
        Assert.Null(Suggest.Nearest(typed, Names));
        Assert.Equal("Check the spelling.", Suggest.DidYouMean(typed, Names));
    }

    /// <summary>Names of one or two letters are columns and options of their own; only case, the marks between words
    /// and the order of two letters are misspelt in them.</summary>
    [Theory]
    [InlineData("X", "y", "x")]
    [InlineData("-LR", "--l1", "--lr")]
    [InlineData("--rl", "--l1", "--lr")]
    [InlineData("1x", "x2", "x1")]
    public void ShortNamesDifferByCaseOrASwap(string typed, string other, string meant) =>
        Assert.Equal(meant, Suggest.Nearest(typed, [other, meant]));

    [Theory]
    [InlineData("z", "x", "y")]
    [InlineData("x", "xy", "y")]
    [InlineData("--l3", "--l1", "--l2")]
    [InlineData("x3", "x1", "x2")]
    [InlineData("xx", "x", "yy")]
    [InlineData("-o", "--lr", "-p")]
    [InlineData("--", "-", "x")]
    [InlineData("x", "", "-")]
    public void AnotherShortNameIsNotNear(string typed, string one, string other) =>
        Assert.Null(Suggest.Nearest(typed, [one, other]));

    /// <summary>What may differ grows with the name: a letter of three, two of five, three of eight.</summary>
    [Theory]
    [InlineData("mea", "mae")]
    [InlineData("mse", "mae")]
    [InlineData("sgd", null)]
    [InlineData("--bacth", "--batch")]
    [InlineData("--epocs", "--epochs")]
    [InlineData("--vaildaton", "--validation")]
    [InlineData("--hidden-layers", "--hidden")]
    [InlineData("--help-me", null)]
    [InlineData("tree", null)]
    [InlineData("name", null)]
    [InlineData("versicolour", "versicolor")]
    [InlineData("verginca", "virginica")]
    public void ATypedNameIsNearWhenAThirdOfItDiffersAtMost(string typed, string? meant) => Assert.Equal(meant,
        Suggest.Nearest(typed, ["sum", "mae", "tanh", "--time", "--batch", "--epochs", "--validation", "--hidden",
            "versicolor", "virginica"]));

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("abc", "", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("ab", "ba", 1)]
    [InlineData("abcd", "badc", 2)]
    [InlineData("ca", "abc", 3)]
    public void DistanceCountsEditsAndSwaps(string a, string b, int distance) =>
        Assert.Equal(distance, Suggest.Distance(a, b));
}
