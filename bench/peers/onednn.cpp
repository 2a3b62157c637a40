// oneDNN as a peer: `onednn --threads N --mode plain|packed` (bench/run has told OpenMP how many threads).
//
// plain   Training: its inner products, forward with the activation in them and backward, weights in the order that is
//         fastest in a trial, loops for derivatives and updates. Answers: the same, with weights laid beforehand as it
//         likes best. Products: the faster of its two ways to multiply matrices as they lie, dnnl_sgemm and "matmul".
// packed  Products alone, by "matmul" with the right matrix laid beforehand as it likes best: less work than the others
//         do, and no way to train, where every matrix is new.
#include <dnnl.hpp>

#include "protocol.hpp"

namespace {

using dnnl::memory;
using peer::Activation;
using peer::Numbers;
using peer::Workload;
using Tag = memory::format_tag;

memory::desc matrix(int64_t rows, int64_t columns, Tag tag = Tag::ab) {
    return memory::desc({rows, columns}, memory::data_type::f32, tag);
}

memory::desc vector(int64_t length) { return memory::desc({length}, memory::data_type::f32, Tag::a); }

float* data(const memory& numbers) { return static_cast<float*>(numbers.get_data_handle()); }

// What makes an activation part of an inner product.
dnnl::primitive_attr attributes_of(Activation activation) {
    dnnl::post_ops after;
    if (activation == Activation::relu) after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
    if (activation == Activation::tanh) after.append_eltwise(1, dnnl::algorithm::eltwise_tanh, 0, 0);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(after);
    return attributes;
}

struct Step {
    dnnl::primitive primitive;
    std::unordered_map<int, memory> arguments;
};

class Sgemm : public peer::Run {
public:
    explicit Sgemm(const Workload& workload)
        : product_(workload), left_(workload.form == "WeightGradient" ? 'T' : 'N'),
          right_(workload.form == "InputGradient" ? 'T' : 'N') {
        call();
        product_.check();
    }

    int64_t call() override {
        int64_t n = product_.size;
        dnnl_sgemm(left_, right_, n, n, n, 1, product_.a.data(), n, product_.b.data(), n, 0, product_.c.data(), n);
        return 1;
    }

private:
    peer::Product product_;
    char left_, right_;
};

class Matmul : public peer::Run {
public:
    Matmul(const Workload& workload, bool packed)
        : product_(workload), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
        auto layout = [&](Tag tag) { return matrix(workload.size, workload.size, tag); };
        memory::desc right = layout(workload.form == "InputGradient" ? Tag::ba : Tag::ab);
        memory::desc left = layout(workload.form == "WeightGradient" ? Tag::ba : Tag::ab);
        dnnl::matmul::primitive_desc plan({left, packed ? layout(Tag::any) : right, layout(Tag::ab)}, engine_);
        memory b(right, engine_, product_.b.data());
        if (plan.weights_desc() != right) {
            memory laid(plan.weights_desc(), engine_);
            dnnl::reorder(b, laid).execute(stream_, b, laid);
            b = laid;
        }
        multiply_ = dnnl::matmul(plan);
        arguments_ = {{DNNL_ARG_SRC, memory(left, engine_, product_.a.data())},
                      {DNNL_ARG_WEIGHTS, b},
                      {DNNL_ARG_DST, memory(plan.dst_desc(), engine_, product_.c.data())}};
        call();
        product_.check();
    }

    int64_t call() override {
        multiply_.execute(stream_, arguments_);
        stream_.wait();
        return 1;
    }

private:
    peer::Product product_;
    dnnl::engine engine_;
    dnnl::stream stream_;
    dnnl::matmul multiply_;
    std::unordered_map<int, memory> arguments_;
};

// Training by inner products, forward with the activation in them and backward; loops for derivatives and updates.
class Training : public peer::Trainer {
public:
    // The weights [units, inputs] lie in the order of the tag; `any` is what oneDNN likes best on the way forward.
    Training(const Workload& workload, const std::shared_ptr<Numbers>& numbers, memory::format_tag tag)
        : Trainer(workload, numbers->x.rows), workload_(workload), numbers_(numbers),
          engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
        int64_t rows = places().all().front().count, rest = places().all().back().count;
        for (auto& weight : numbers_->weights) {
            inner_product::primitive_desc forward = forward_plan(layers_.size(), rows, laid_out(weight, tag));
            Layer layer;
            for (auto* those : {&layer.w, &layer.g, &layer.v}) *those = memory(forward.weights_desc(), engine_);
            for (auto* those : {&layer.b, &layer.gb, &layer.vb}) *those = memory(vector(weight.columns), engine_);
            layers_.push_back(layer);
        }
        whole_ = plan(rows);
        rest_ = rest == rows ? whole_ : plan(rest);
        restart();
    }

    void restart() override {
        for (size_t i = 0; i < layers_.size(); i++) {
            auto& weight = numbers_->weights[i];
            memory given(laid_out(weight, Tag::ba), engine_, weight.values.data());
            dnnl::reorder(given, layers_[i].w).execute(stream_, given, layers_[i].w);
            stream_.wait();
            std::copy(numbers_->biases[i].begin(), numbers_->biases[i].end(), data(layers_[i].b));
            for (auto* those : {&layers_[i].v, &layers_[i].vb})
                std::memset(data(*those), 0, those->get_desc().get_size());
        }
        Trainer::restart();
    }

protected:
    void step(const peer::Places::Place& place) override {
        Plan& plan = plan_of(place);
        plan.x.set_data_handle(&numbers_->x.values[place.start * numbers_->x.columns]);
        for (auto& step : plan.forward) step.primitive.execute(stream_, step.arguments);
        stream_.wait();
        size_t last = layers_.size() - 1;
        const float *t = numbers_->targets_of(place.start), *y = data(plan.y[last]);
        float *d = data(plan.d[last]), mean = 1 / static_cast<float>(place.count);
        int64_t count = place.count * numbers_->targets.columns;
        for (int64_t i = 0; i < count; i++) d[i] = (y[i] - t[i]) * mean;
        if (!numbers_->is_class) derive(workload_.output, plan.y[last], plan.d[last]);
        for (size_t i = last; i > 0; i--) {
            plan.inputs[i].primitive.execute(stream_, plan.inputs[i].arguments);
            stream_.wait();
            derive(workload_.hidden, plan.y[i - 1], plan.d[i - 1]);
        }
        for (size_t i = 0; i <= last; i++) {
            plan.weights[i].primitive.execute(stream_, plan.weights[i].arguments);
            stream_.wait();
            update(layers_[i].w, layers_[i].v, layers_[i].g);
            update(layers_[i].b, layers_[i].vb, layers_[i].gb);
        }
    }

    double measured_step(const peer::Places::Place& place) override {
        step(place);
        return peer::loss_of(numbers_->is_class, data(plan_of(place).y.back()), numbers_->targets_of(place.start),
                             place.count, numbers_->targets.columns);
    }

private:
    using inner_product = dnnl::inner_product_forward;

    struct Layer {
        memory w, g, v, b, gb, vb;
    };

    // What a number of rows needs.
    struct Plan {
        memory x;
        std::vector<memory> y, d;
        std::vector<Step> forward, inputs, weights;
    };

    static memory::desc laid_out(const peer::Matrix& weight, Tag tag) {
        return matrix(weight.columns, weight.rows, tag);
    }

    inner_product::primitive_desc forward_plan(size_t i, int64_t rows, const memory::desc& w) {
        auto& weight = numbers_->weights[i];
        return {{dnnl::prop_kind::forward_training, matrix(rows, weight.rows), w, vector(weight.columns),
                 matrix(rows, weight.columns)},
                attributes_of(i + 1 == numbers_->weights.size() ? workload_.output : workload_.hidden), engine_};
    }

    Plan plan(int64_t rows) {
        Plan plan;
        plan.x = memory(matrix(rows, numbers_->x.columns), engine_, numbers_->x.values.data());
        memory below = plan.x, below_d;
        for (size_t i = 0; i < layers_.size(); i++) {
            Layer& layer = layers_[i];
            memory::desc w = layer.w.get_desc(), wide = matrix(rows, numbers_->weights[i].columns);
            memory y(wide, engine_), d(wide, engine_);
            auto forward = forward_plan(i, rows, w);
            plan.forward.push_back({inner_product(forward), {{DNNL_ARG_SRC, below}, {DNNL_ARG_WEIGHTS, layer.w},
                                                             {DNNL_ARG_BIAS, layer.b}, {DNNL_ARG_DST, y}}});
            if (i + 1 == layers_.size() && workload_.output == Activation::softmax) {
                dnnl::softmax_forward::primitive_desc softmax({dnnl::prop_kind::forward_training, wide, 1}, engine_);
                plan.forward.push_back({dnnl::softmax_forward(softmax), {{DNNL_ARG_SRC, y}, {DNNL_ARG_DST, y}}});
            }
            plan.inputs.emplace_back();
            if (i > 0) {
                dnnl::inner_product_backward_data::primitive_desc inputs({below.get_desc(), w, wide}, engine_, forward);
                plan.inputs[i] = {dnnl::inner_product_backward_data(inputs),
                                  {{DNNL_ARG_DIFF_SRC, below_d}, {DNNL_ARG_WEIGHTS, layer.w}, {DNNL_ARG_DIFF_DST, d}}};
            }
            dnnl::inner_product_backward_weights::primitive_desc weights(
                {below.get_desc(), w, layer.gb.get_desc(), wide}, engine_, forward);
            plan.weights.push_back({dnnl::inner_product_backward_weights(weights),
                                    {{DNNL_ARG_SRC, below}, {DNNL_ARG_DIFF_WEIGHTS, layer.g},
                                     {DNNL_ARG_DIFF_BIAS, layer.gb}, {DNNL_ARG_DIFF_DST, d}}});
            plan.y.push_back(y);
            plan.d.push_back(d);
            below = y;
            below_d = d;
        }
        return plan;
    }

    Plan& plan_of(const peer::Places::Place& place) {
        return place.count == places().all().front().count ? whole_ : rest_;
    }

    static void derive(Activation activation, const memory& y, const memory& d) {
        peer::derive(activation, data(y), data(d), static_cast<int64_t>(y.get_desc().get_size() / sizeof(float)));
    }

    // v = γ·v + g; w = w − η·v.
    void update(const memory& w, const memory& v, const memory& g) const {
        float *weights = data(w), *velocities = data(v), *gradients = data(g);
        float rate = static_cast<float>(workload_.learning_rate), momentum = static_cast<float>(workload_.momentum);
        auto count = static_cast<int64_t>(w.get_desc().get_size() / sizeof(float));
        if (momentum == 0)
            peer::each(count, count, [=](int64_t i) { weights[i] -= rate * gradients[i]; });
        else
            peer::each(count, count, [=](int64_t i) {
                velocities[i] = momentum * velocities[i] + gradients[i];
                weights[i] -= rate * velocities[i];
            });
    }

    Workload workload_;
    std::shared_ptr<Numbers> numbers_;
    dnnl::engine engine_;
    dnnl::stream stream_;
    std::vector<Layer> layers_;
    Plan whole_, rest_;
};

// A network of inner products.
class Answers : public peer::Run {
public:
    Answers(const Workload& workload, const Numbers& numbers)
        : numbers_(numbers), batch_(workload.batch), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
        for (int64_t i = 0; i < numbers_.x.rows; i += batch_) {
            float* rows = &numbers_.x.values[i * numbers_.x.columns];
            inputs_.emplace_back(matrix(batch_, numbers_.x.columns), engine_, rows);
        }
        memory below = inputs_[0];
        for (size_t i = 0; i < numbers_.weights.size(); i++) {
            auto& weight = numbers_.weights[i];
            Activation activation = i + 1 == numbers_.weights.size() ? workload.output : workload.hidden;
            auto y = matrix(batch_, weight.columns), b = vector(weight.columns);
            auto w = matrix(weight.columns, weight.rows, Tag::any);
            dnnl::inner_product_forward::primitive_desc plan(
                {dnnl::prop_kind::forward_inference, below.get_desc(), w, b, y}, attributes_of(activation), engine_);
            memory result(y, engine_);
            memory given(matrix(weight.columns, weight.rows, Tag::ba), engine_, weight.values.data());
            add(dnnl::inner_product_forward(plan),
                {{DNNL_ARG_SRC, below},
                 {DNNL_ARG_WEIGHTS, laid(given, plan.weights_desc())},
                 {DNNL_ARG_BIAS, memory(b, engine_, numbers_.biases[i].data())},
                 {DNNL_ARG_DST, result}});
            if (activation == Activation::softmax) {
                dnnl::softmax_forward::primitive_desc softmax({dnnl::prop_kind::forward_inference, y, 1}, engine_);
                add(dnnl::softmax_forward(softmax), {{DNNL_ARG_SRC, result}, {DNNL_ARG_DST, result}});
            }
            below = result;
        }
        call();
        peer::check_answers(workload, numbers_, data(below), batch_);
    }

    int64_t call() override {
        steps_[0].arguments[DNNL_ARG_SRC] = inputs_[next_];
        for (auto& step : steps_) step.primitive.execute(stream_, step.arguments);
        stream_.wait();
        next_ = next_ + 1 == inputs_.size() ? 0 : next_ + 1;
        return batch_;
    }

private:
    void add(const dnnl::primitive& primitive, std::unordered_map<int, memory> arguments) {
        steps_.push_back({primitive, std::move(arguments)});
    }

    // The same numbers in another order.
    memory laid(memory& given, const memory::desc& wanted) {
        if (given.get_desc() == wanted) return given;
        memory result(wanted, engine_);
        dnnl::reorder(given, result).execute(stream_, given, result);
        return result;
    }

    Numbers numbers_;
    int64_t batch_;
    dnnl::engine engine_;
    dnnl::stream stream_;
    std::vector<memory> inputs_;
    std::vector<Step> steps_;
    size_t next_ = 0;
};

// The fastest of several runs, by turns.
std::unique_ptr<peer::Run> fastest(std::vector<std::unique_ptr<peer::Run>> runs) {
    std::vector<double> best(runs.size());
    for (int turn = 0; turn < 5; turn++)
        for (size_t i = 0; i < runs.size(); i++) best[i] = std::max(best[i], runs[i]->rate(0.02, peer::Run::wall));
    return std::move(runs[static_cast<size_t>(std::max_element(best.begin(), best.end()) - best.begin())]);
}

}  // namespace

int main(int count, char** words) {
    bool packed = peer::option(count, words, "mode", "plain") == "packed";
    peer::serve([packed](const Workload& workload, const std::string& path) -> std::unique_ptr<peer::Run> {
        bool multiplies = workload.kind == "multiply";
        if (packed) return multiplies ? std::make_unique<Matmul>(workload, true) : nullptr;
        if (workload.kind == "predict") return std::make_unique<Answers>(workload, Numbers(path, workload));
        std::vector<std::unique_ptr<peer::Run>> runs;
        if (multiplies) {
            runs.push_back(std::make_unique<Matmul>(workload, false));
            runs.push_back(std::make_unique<Sgemm>(workload));
        } else {
            auto numbers = std::make_shared<Numbers>(path, workload);
            for (Tag tag : {Tag::any, Tag::ab, Tag::ba})
                runs.push_back(std::make_unique<Training>(workload, numbers, tag));
        }
        return fastest(std::move(runs));
    });
}
