// Armadillo over OpenBLAS as a peer: `armadillo --threads N` (bench/run has told OpenMP how many). This is what mlpack
// computes with: examples are columns, the products are Armadillo's, but for the one that makes the gradient: momentum,
// or without it the update itself, is folded into it, for which one calls BLAS. What lies between the products is plain
// loops that the compiler turns into vectors, shared among threads where they are long.
#define ARMA_DONT_USE_WRAPPER
#define ARMA_NO_DEBUG
#include <armadillo>
#include <cblas.h>

#include "protocol.hpp"

namespace {

using arma::fmat;
using peer::Activation;
using peer::Numbers;
using peer::Workload;

// A matrix that looks into memory, with the column-major order that Armadillo knows: rows as examples become columns.
fmat view(float* values, int64_t rows, int64_t columns) {
    return fmat(values, static_cast<arma::uword>(rows), static_cast<arma::uword>(columns), false, true);
}

// y = activation(y + b) for examples as columns.
void activate(Activation activation, fmat& y, const float* b) {
    int64_t units = y.n_rows, rows = y.n_cols, count = y.n_elem;
    float* values = y.memptr();
    if (activation == Activation::softmax) {
        peer::each(rows, count, [=](int64_t n) {
            float *z = values + n * units, largest = z[0] + b[0], sum = 0;
            for (int64_t i = 0; i < units; i++) largest = std::max(largest, z[i] += b[i]);
            for (int64_t i = 0; i < units; i++) sum += z[i] = expf(z[i] - largest);
            for (int64_t i = 0; i < units; i++) z[i] *= 1 / sum;
        });
        return;
    }
    bool relu = activation == Activation::relu;
    peer::each(rows, count, [=](int64_t n) {
        float* z = values + n * units;
        if (relu) {
            for (int64_t i = 0; i < units; i++) z[i] = std::max(z[i] + b[i], 0.0f);
        } else {
            for (int64_t i = 0; i < units; i++) z[i] += b[i];
        }
    });
    if (!relu) peer::each(count, count, [=](int64_t i) { values[i] = tanhf(values[i]); });
}

void derive(Activation activation, const fmat& y, fmat& d) {
    peer::derive(activation, y.memptr(), d.memptr(), static_cast<int64_t>(y.n_elem));
}

class Training : public peer::Trainer {
public:
    Training(const Workload& workload, const Numbers& numbers)
        : Trainer(workload, numbers.x.rows), hidden_(workload.hidden), output_(workload.output),
          rate_(workload.learning_rate), momentum_(workload.momentum), numbers_(numbers) {
        int64_t rows = places().all()[0].count;
        for (const auto& weight : numbers_.weights) {
            Layer layer;
            layer.w = layer.v = fmat(weight.columns, weight.rows);  // [units, inputs]
            layer.b = layer.vb = layer.gb = fmat(weight.columns, 1);
            layer.y = layer.d = fmat(weight.columns, rows);
            layers_.push_back(std::move(layer));
        }
        restart();
    }

    void restart() override {
        for (size_t i = 0; i < layers_.size(); i++) {
            auto& weight = numbers_.weights[i];
            std::copy(weight.values.begin(), weight.values.end(), layers_[i].w.memptr());
            std::copy(numbers_.biases[i].begin(), numbers_.biases[i].end(), layers_[i].b.memptr());
            layers_[i].v.zeros();
            layers_[i].vb.zeros();
        }
        Trainer::restart();
    }

protected:
    void step(const peer::Places::Place& place) override {
        int64_t n = place.count;
        fmat x = view(&numbers_.x.values[place.start * numbers_.x.columns], numbers_.x.columns, n);
        if (layers_[0].y.n_cols != static_cast<arma::uword>(n))
            for (auto& layer : layers_) {
                layer.y.set_size(layer.y.n_rows, n);
                layer.d.set_size(layer.d.n_rows, n);
            }
        const fmat* below = &x;
        for (auto& layer : layers_) {
            layer.y = layer.w * *below;
            activate(&layer == &layers_.back() ? output_ : hidden_, layer.y, layer.b.memptr());
            below = &layer.y;
        }
        auto& top = layers_.back();
        const float* t = numbers_.targets_of(place.start);
        for (arma::uword i = 0; i < top.y.n_elem; i++) top.d[i] = top.y[i] - t[i];
        if (!numbers_.is_class) derive(output_, top.y, top.d);
        for (size_t i = layers_.size() - 1; i > 0; i--) {
            layers_[i - 1].d = layers_[i].w.t() * layers_[i].d;
            derive(hidden_, layers_[i - 1].y, layers_[i - 1].d);
        }
        float mean = 1 / static_cast<float>(n), rate = static_cast<float>(rate_);
        float momentum = static_cast<float>(momentum_);
        below = &x;
        for (auto& layer : layers_) {
            layer.gb = arma::sum(layer.d, 1);
            if (momentum == 0) {
                accumulate(1, layer.w, -rate * mean, layer.d, *below);
                layer.b -= rate * mean * layer.gb;
            } else {
                accumulate(momentum, layer.v, mean, layer.d, *below);
                layer.vb = momentum * layer.vb + mean * layer.gb;
                float* weights = layer.w.memptr();
                const float* velocities = layer.v.memptr();
                peer::each(layer.w.n_elem, layer.w.n_elem, [=](int64_t i) { weights[i] -= rate * velocities[i]; });
                layer.b -= rate * layer.vb;
            }
            below = &layer.y;
        }
    }

    double measured_step(const peer::Places::Place& place) override {
        step(place);
        return peer::loss_of(numbers_.is_class, layers_.back().y.memptr(), numbers_.targets_of(place.start),
                             place.count, numbers_.targets.columns);
    }

private:
    struct Layer {
        fmat w, b, y, d, v, vb, gb;
    };

    // c = β·c + α·a·bᵀ
    static void accumulate(float beta, fmat& c, float alpha, const fmat& a, const fmat& b) {
        int rows = static_cast<int>(c.n_rows), columns = static_cast<int>(c.n_cols), depth = static_cast<int>(a.n_cols);
        cblas_sgemm(CblasColMajor, CblasNoTrans, CblasTrans, rows, columns, depth, alpha, a.memptr(), rows, b.memptr(),
                    columns, beta, c.memptr(), rows);
    }

    Activation hidden_, output_;
    double rate_, momentum_;
    Numbers numbers_;
    std::vector<Layer> layers_;
};

class Answers : public peer::Run {
public:
    Answers(const Workload& workload, const Numbers& numbers)
        : hidden_(workload.hidden), output_(workload.output), batch_(workload.batch), numbers_(numbers) {
        for (auto& weight : numbers_.weights) {
            w_.push_back(view(weight.values.data(), weight.columns, weight.rows));
            y_.emplace_back(weight.columns, batch_);
        }
        call();
        peer::check_answers(workload, numbers_, y_.back().memptr(), batch_);
    }

    int64_t call() override {
        const fmat x = view(&numbers_.x.values[next_ * numbers_.x.columns], numbers_.x.columns, batch_);
        for (size_t i = 0; i < w_.size(); i++) {
            y_[i] = w_[i] * (i == 0 ? x : y_[i - 1]);
            activate(i + 1 == w_.size() ? output_ : hidden_, y_[i], numbers_.biases[i].data());
        }
        next_ = (next_ + batch_) % numbers_.x.rows;
        return batch_;
    }

private:
    Activation hidden_, output_;
    int64_t batch_, next_ = 0;
    Numbers numbers_;
    std::vector<fmat> w_, y_;
};

// Row by row, A·B is what column by column is B·A.
class Multiplication : public peer::Run {
public:
    explicit Multiplication(const Workload& workload)
        : product_(workload), a_(view(product_.a.data(), workload.size, workload.size)),
          b_(view(product_.b.data(), workload.size, workload.size)),
          c_(view(product_.c.data(), workload.size, workload.size)) {
        call();
        product_.check();
    }

    int64_t call() override {
        if (product_.form == "WeightGradient") c_ = b_ * a_.t();
        else if (product_.form == "InputGradient") c_ = b_.t() * a_;
        else c_ = b_ * a_;
        return 1;
    }

private:
    peer::Product product_;
    fmat a_, b_, c_;
};

}  // namespace

int main() {
    peer::serve([](const Workload& workload, const std::string& path) -> std::unique_ptr<peer::Run> {
        if (workload.kind == "multiply") return std::make_unique<Multiplication>(workload);
        Numbers numbers(path, workload);
        if (workload.kind == "predict") return std::make_unique<Answers>(workload, numbers);
        return std::make_unique<Training>(workload, numbers);
    });
}
