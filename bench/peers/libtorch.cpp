// PyTorch's C++ library as a peer: `libtorch --threads N --mode eager|manual`.
//
// eager   what people write: torch::nn, autograd, torch::optim::SGD.
// manual  what the library can do at best without autograd: its kernels called past the dispatcher, into planned
//         memory, on views made beforehand; the derivatives by hand; momentum folded into the product that makes the
//         gradient, and without momentum the update itself.
#include <ATen/CPUFunctions.h>
#include <torch/torch.h>

#include "protocol.hpp"

namespace {

using at::Tensor;
using peer::Activation;
using peer::Numbers;
using peer::Workload;

Tensor tensor_of(const peer::Matrix& matrix) {
    auto* values = const_cast<float*>(matrix.values.data());
    return torch::from_blob(values, {matrix.rows, matrix.columns}).clone();
}

Tensor tensor_of(const std::vector<float>& values) {
    return torch::from_blob(const_cast<float*>(values.data()), {static_cast<int64_t>(values.size())}).clone();
}

torch::nn::Sequential network_of(const Workload& workload, const Numbers& numbers, bool with_softmax) {
    torch::NoGradGuard no_gradients;
    torch::nn::Sequential network;
    for (size_t i = 0; i < numbers.weights.size(); i++) {
        torch::nn::Linear linear(numbers.weights[i].rows, numbers.weights[i].columns);
        linear->weight.copy_(tensor_of(numbers.weights[i]).t());
        linear->bias.copy_(tensor_of(numbers.biases[i]));
        network->push_back(linear);
        Activation activation = i + 1 == numbers.weights.size() ? workload.output : workload.hidden;
        if (activation == Activation::relu) network->push_back(torch::nn::ReLU());
        else if (activation == Activation::tanh) network->push_back(torch::nn::Tanh());
        else if (with_softmax) network->push_back(torch::nn::Softmax(1));
    }
    return network;
}

class EagerTraining : public peer::Trainer {
public:
    EagerTraining(const Workload& workload, const Numbers& numbers)
        : Trainer(workload, numbers.x.rows), rate_(workload.learning_rate), momentum_(workload.momentum),
          is_class_(numbers.is_class), x_(tensor_of(numbers.x)),
          targets_(is_class_ ? torch::tensor(numbers.classes) : tensor_of(numbers.targets)),
          network_(network_of(workload, numbers, false)) {  // cross_entropy takes scores
        for (const auto& parameter : network_->parameters()) start_.push_back(parameter.detach().clone());
        restart();
    }

    void restart() override {
        torch::NoGradGuard no_gradients;
        auto parameters = network_->parameters();
        for (size_t i = 0; i < parameters.size(); i++) parameters[i].copy_(start_[i]);
        auto options = torch::optim::SGDOptions(rate_).momentum(momentum_);
        optimizer_ = std::make_unique<torch::optim::SGD>(parameters, options);
        Trainer::restart();
    }

protected:
    void step(const peer::Places::Place& place) override {
        optimizer_->zero_grad();
        Tensor y = network_->forward(x_.narrow(0, place.start, place.count));
        Tensor t = targets_.narrow(0, place.start, place.count);
        loss_ = is_class_ ? torch::nn::functional::cross_entropy(y, t)
                          : 0.5 * torch::mse_loss(y, t, at::Reduction::Sum) / place.count;
        loss_.backward();
        optimizer_->step();
    }

    double measured_step(const peer::Places::Place& place) override {
        step(place);
        return loss_.item<double>();
    }

private:
    double rate_, momentum_;
    bool is_class_;
    Tensor x_, targets_, loss_;
    torch::nn::Sequential network_;
    std::vector<Tensor> start_;
    std::unique_ptr<torch::optim::SGD> optimizer_;
};

// y = activation(below·w + b), in place of y.
void forward(Activation activation, const Tensor& below, const Tensor& w, const Tensor& b, Tensor& y) {
    at::cpu::addmm_out(y, b, below, w);
    if (activation == Activation::relu) at::cpu::clamp_min_(y, 0);
    else if (activation == Activation::tanh) at::cpu::tanh_(y);
    else at::cpu::_softmax_out(y, y, 1, false);
}

// Biases are one more row of the weights, below a column of ones in what comes in: one product less per layer each way.
class ManualTraining : public peer::Trainer {
public:
    ManualTraining(const Workload& workload, const Numbers& numbers)
        : Trainer(workload, numbers.x.rows), hidden_(workload.hidden), output_(workload.output),
          rate_(workload.learning_rate), momentum_(workload.momentum), is_class_(numbers.is_class),
          targets_(tensor_of(numbers.targets)) {
        int64_t rows = places().all()[0].count, layers = static_cast<int64_t>(numbers.weights.size());
        x_ = torch::cat({tensor_of(numbers.x), torch::ones({targets_.size(0), 1})}, 1);
        std::vector<Tensor> flat;
        for (int64_t i = 0; i < layers; i++) {
            flat.push_back(tensor_of(numbers.weights[i]).view(-1));
            flat.push_back(tensor_of(numbers.biases[i]));
        }
        start_ = torch::cat(flat);
        parameters_ = start_.clone();
        velocities_ = torch::zeros_like(start_);
        int64_t at = 0;
        for (const auto& weight : numbers.weights) {
            int64_t size = (weight.rows + 1) * weight.columns;
            w_.push_back(parameters_.narrow(0, at, size).view({weight.rows + 1, weight.columns}));
            v_.push_back(velocities_.narrow(0, at, size).view({weight.rows + 1, weight.columns}));
            wt_.push_back(w_.back().narrow(0, 0, weight.rows).t());
            at += size;
        }
        std::vector<Tensor> y{x_}, d{x_};
        for (int64_t i = 0; i < layers; i++) {
            int64_t width = w_[i].size(1) + (i + 1 < layers);
            y.push_back(torch::ones({rows, width}));
            d.push_back(torch::zeros({rows, width}));
        }
        for (const auto& place : places().all()) {
            Batch batch{targets_.narrow(0, place.start, place.count), {}};
            for (int64_t i = 0; i <= layers; i++) {
                Tensor whole_y = y[i].narrow(0, i == 0 ? place.start : 0, place.count);
                Tensor whole_d = d[i].narrow(0, 0, place.count);
                int64_t width = whole_y.size(1) - (i < layers);
                batch.layers.push_back({whole_y, whole_y.t(), whole_y.narrow(1, 0, width), whole_d,
                                        whole_d.narrow(1, 0, width)});
            }
            batches_.push_back(std::move(batch));
        }
    }

    void restart() override {
        parameters_.copy_(start_);
        velocities_.zero_();
        Trainer::restart();
    }

protected:
    void step(const peer::Places::Place& place) override {
        auto& batch = batches_[place.index];
        auto& layer = batch.layers;
        size_t last = w_.size();
        for (size_t i = 1; i <= last; i++) {
            at::cpu::mm_out(layer[i].y, layer[i - 1].whole_y, w_[i - 1]);
            Activation activation = i == last ? output_ : hidden_;
            if (activation == Activation::relu) at::cpu::clamp_min_(layer[i].whole_y, 0);  // 1 stays 1
            else if (activation == Activation::tanh) at::cpu::tanh_(layer[i].y);
            else at::cpu::_softmax_out(layer[i].y, layer[i].y, 1, false);
        }
        at::cpu::sub_out(layer[last].d, layer[last].y, batch.t);
        if (!is_class_) backward(output_, layer[last]);
        for (size_t i = last - 1; i > 0; i--) {
            at::cpu::mm_out(layer[i].d, layer[i + 1].d, wt_[i]);
            backward(hidden_, layer[i]);
        }
        double mean = 1.0 / static_cast<double>(place.count);
        for (size_t i = 0; i < last; i++) {
            if (momentum_ == 0) at::cpu::addmm_(w_[i], layer[i].t, layer[i + 1].d, 1, -rate_ * mean);
            else at::cpu::addmm_(v_[i], layer[i].t, layer[i + 1].d, momentum_, mean);
        }
        if (momentum_ != 0) at::cpu::add_(parameters_, velocities_, -rate_);
    }

    double measured_step(const peer::Places::Place& place) override {
        step(place);
        const Batch& batch = batches_[place.index];
        const float *y = batch.layers.back().y.data_ptr<float>(), *t = batch.t.data_ptr<float>();
        return peer::loss_of(is_class_, y, t, place.count, batch.t.size(1));
    }

private:
    // Views of what a layer needs: its results and their gradient, with and without the column of ones.
    struct Layer {
        Tensor whole_y, t, y, whole_d, d;
    };

    struct Batch {
        Tensor t;
        std::vector<Layer> layers;
    };

    // d = d · activation′, from the activation's result y.
    static void backward(Activation activation, Layer& layer) {
        Tensor& d = layer.whole_d;
        if (activation == Activation::relu) at::cpu::threshold_backward_out(d, d, layer.whole_y, 0);
        else if (activation == Activation::tanh) at::cpu::tanh_backward_out(d, d, layer.whole_y);
    }

    Activation hidden_, output_;
    double rate_, momentum_;
    bool is_class_;
    Tensor targets_, x_, start_, parameters_, velocities_;
    std::vector<Tensor> w_, wt_, v_;
    std::vector<Batch> batches_;
};

class EagerAnswers : public peer::Run {
public:
    EagerAnswers(const Workload& workload, const Numbers& numbers)
        : network_(network_of(workload, numbers, true)), x_(tensor_of(numbers.x)), batch_(workload.batch) {
        network_->eval();
        peer::check_answers(workload, numbers, answer().contiguous().data_ptr<float>(), batch_);
    }

    int64_t call() override {
        answer();
        return batch_;
    }

private:
    Tensor answer() {
        c10::InferenceMode without_autograd;
        Tensor rows = x_.narrow(0, next_, batch_);
        next_ = (next_ + batch_) % x_.size(0);
        return network_->forward(rows);
    }

    torch::nn::Sequential network_;
    Tensor x_;
    int64_t batch_, next_ = 0;
};

class ManualAnswers : public peer::Run {
public:
    ManualAnswers(const Workload& workload, const Numbers& numbers)
        : hidden_(workload.hidden), output_(workload.output), batch_(workload.batch) {
        Tensor x = tensor_of(numbers.x);
        for (int64_t at = 0; at < x.size(0); at += batch_) x_.push_back(x.narrow(0, at, batch_));
        for (size_t i = 0; i < numbers.weights.size(); i++) {
            w_.push_back(tensor_of(numbers.weights[i]));
            b_.push_back(tensor_of(numbers.biases[i]));
            y_.push_back(torch::empty({batch_, w_[i].size(1)}));
        }
        call();
        peer::check_answers(workload, numbers, y_.back().data_ptr<float>(), batch_);
    }

    int64_t call() override {
        size_t last = w_.size() - 1;
        for (size_t i = 0; i <= last; i++)
            forward(i == last ? output_ : hidden_, i == 0 ? x_[next_] : y_[i - 1], w_[i], b_[i], y_[i]);
        next_ = (next_ + 1) % x_.size();
        return batch_;
    }

private:
    Activation hidden_, output_;
    int64_t batch_;
    std::vector<Tensor> x_, w_, b_, y_;
    size_t next_ = 0;
};

class Multiplication : public peer::Run {
public:
    explicit Multiplication(const Workload& workload)
        : product_(workload), a_(view(product_.a)), b_(view(product_.b)), c_(view(product_.c)) {
        if (workload.form == "WeightGradient") a_ = a_.t();
        if (workload.form == "InputGradient") b_ = b_.t();
        call();
        product_.check();
    }

    int64_t call() override {
        at::cpu::mm_out(c_, a_, b_);
        return 1;
    }

private:
    Tensor view(std::vector<float>& values) const {
        return torch::from_blob(values.data(), {product_.size, product_.size});
    }

    peer::Product product_;
    Tensor a_, b_, c_;
};

}  // namespace

int main(int count, char** words) {
    at::set_num_threads(std::stoi(peer::option(count, words, "threads", "1")));
    bool manual = peer::option(count, words, "mode", "manual") == "manual";
    c10::InferenceMode without_autograd(manual);
    at::globalContext().setFlushDenormal(true);
    peer::serve([manual](const Workload& workload, const std::string& path) -> std::unique_ptr<peer::Run> {
        bool trains = workload.kind == "train";
        if (workload.kind == "multiply") return manual ? std::make_unique<Multiplication>(workload) : nullptr;
        Numbers numbers(path, workload);
        if (trains && manual) return std::make_unique<ManualTraining>(workload, numbers);
        if (trains) return std::make_unique<EagerTraining>(workload, numbers);
        if (manual) return std::make_unique<ManualAnswers>(workload, numbers);
        return std::make_unique<EagerAnswers>(workload, numbers);
    });
}
