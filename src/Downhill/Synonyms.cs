namespace Downhill;

/// <summary>
/// What catalog entries are called in other libraries, for the remedy of an unknown name. They are suggested and not
/// accepted: with <c>sgd</c> others mean updates after single rows, or batches, or momentum too.
/// </summary>
internal static class Synonyms
{
    private static readonly (string Kind, string Here, string[] Elsewhere)[] Table =
    [
        ("activation", "sigmoid", ["logistic", "expit"]),
        ("activation", "identity", ["linear", "none"]),
        ("activation", "silu", ["swish"]),
        ("activation", "hard_tanh", ["clip"]),
        ("loss", "cross_entropy", ["ce", "nll", "nllloss", "log_loss", "categorical_crossentropy",
            "sparse_categorical_crossentropy"]),
        ("loss", "binary_cross_entropy", ["bce", "bceloss", "bcewithlogits", "logistic"]),
        ("loss", "mse", ["l2", "mean_squared_error", "squared_error"]),
        ("loss", "mae", ["l1", "mean_absolute_error", "absolute_error"]),
        ("loss", "huber", ["smooth_l1"]),
        ("optimizer", "gradient_descent", ["sgd", "gd", "backprop", "delta_rule"]),
        ("optimizer", "irprop_minus", ["rprop"]),
        ("optimizer", "lbfgs", ["bfgs", "l_bfgs_b"]),
        ("schedule", "cosine", ["cosine_annealing", "cosine_decay"]),
        ("schedule", "cosine_restarts", ["cosine_annealing_warm_restarts", "sgdr"]),
        ("schedule", "step", ["step_lr", "multistep"]),
        ("schedule", "exponential", ["exponential_lr", "exponential_decay"]),
        ("schedule", "inverse_scaling", ["invscaling"]),
        ("schedule", "reduce_on_plateau", ["plateau", "adaptive"]),
        ("initializer", "glorot_uniform", ["xavier", "glorot", "xavier_uniform"]),
        ("initializer", "glorot_normal", ["xavier_normal"]),
        ("initializer", "he_normal", ["kaiming", "he", "kaiming_normal"]),
        ("initializer", "he_uniform", ["kaiming_uniform"]),
        ("initializer", "normal", ["gaussian", "random", "random_normal"]),
        ("stopping rule", "validation", ["early_stopping", "patience"]),
        ("stopping rule", "change", ["tol", "tolerance"]),
    ];

    /// <summary>The entry's name, or null.</summary>
    /// <param name="kind">Such as "activation", as <see cref="Catalog"/> says it in messages.</param>
    /// <param name="name">What was typed; case, <c>_</c> and <c>-</c> do not count.</param>
    public static string? Of(string kind, string name) => Table.FirstOrDefault(line => line.Kind == kind
        && line.Elsewhere.Any(other => Letters(other).Equals(Letters(name), StringComparison.OrdinalIgnoreCase))).Here;

    /// <summary>Every line, for the tests.</summary>
    internal static IEnumerable<(string Kind, string Here, string Elsewhere)> All =>
        Table.SelectMany(line => line.Elsewhere.Select(name => (line.Kind, line.Here, name)));

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit));
}
