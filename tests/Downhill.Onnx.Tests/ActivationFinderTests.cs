using Downhill.Graph;

namespace Downhill.Onnx.Tests;

/// <summary>An activation is recognised by what it computes.</summary>
public sealed class ActivationFinderTests
{
    private static readonly Expr V = ActivationFinder.Variable();

    public static TheoryData<string> Catalog { get; } = new(Activations.All.Where(e => e.Default.IsElementwise).Select(e => e.Name));

    [Theory, MemberData(nameof(Catalog))]
    public void EveryActivationOfTheCatalogIsFoundByItsDefinition(string name)
    {
        Activation activation = Activations.All.First(e => e.Name == name).Default;
        FoundActivation found = Find(activation.Define(V));
        Assert.Equal(activation, found.Activation);
        Assert.Equal((1, 0, 1, 0), (found.InnerScale, found.InnerOffset, found.OuterScale, found.OuterOffset));
    }

    [Theory]
    [InlineData("sigmoid(x=2,y=0.5,z=-0.5)")]
    [InlineData("leaky_relu(0.2)")]
    [InlineData("elu(0.7)")]
    [InlineData("hard_sigmoid(0.2)")]
    [InlineData("sin(3)")]
    [InlineData("gaussian(mu=0.3,sigma=1.7)")]
    [InlineData("ramp(a=-1,b=2,c=-0.5,d=1.5)")]
    [InlineData("ramp(a=0,b=6,c=0,d=6)")]
    [InlineData("step(a=-1,b=3,c=0.25,straight_through=0)")]
    public void NumbersOfAnActivationAreReadOffItsValues(string text) =>
        Assert.Equal(Downhill.Catalog.Default.Activation(text), Find(Downhill.Catalog.Default.Activation(text).Define(V)).Activation);

    [Fact]
    public void FactorsAndOffsetsAroundItAreHandedBack()
    {
        FoundActivation found = Find(3 * Expr.Tanh(0.5 * V + 0.25) - 1);
        Assert.Equal(("tanh", 0.5, 0.25, 3.0, -1.0),
            (found.Activation.Name, found.InnerScale, found.InnerOffset, found.OuterScale, found.OuterOffset));
    }

    [Fact]
    public void OtherSpellingsAreTheSame()
    {
        Assert.Equal("silu", Find(V / (1 + Expr.Exp(-V))).Activation.Name);
        Assert.Equal("relu", Find(0.5 * (V + Expr.Abs(V))).Activation.Name);
        Assert.Equal("gelu", Find(V * (0.5 * (1 + Expr.Erf(V / 1.4142135381698608)))).Activation.Name);
        Assert.Equal("tanh", Find((1 - Expr.Exp(-2 * V)) / (1 + Expr.Exp(-2 * V))).Activation.Name);
        Assert.Equal("identity", Find(2 * (V - 1)).Activation.Name);
    }

    [Fact]
    public void WhatIsNoActivationOfTheCatalogIsNotFound()
    {
        Assert.Null(new ActivationFinder(Downhill.Catalog.Default).Find(V, V * V));
        Assert.Null(new ActivationFinder(Downhill.Catalog.Default).Find(V, V * Expr.Max(0, Expr.Min(1, V / 6 + 0.5))));
    }

    private static FoundActivation Find(Expr g) => new ActivationFinder(Downhill.Catalog.Default).Find(V, g)!;
}
