// oneDNN as a peer, for answers and products: `onednn --threads N --mode plain|packed` (bench/run has told OpenMP how
// many threads).
//
// plain   answers: its inner products with the activation in them, weights laid beforehand as it likes best. Products:
//         the faster of its two ways to multiply matrices as they lie, dnnl_sgemm and the primitive "matmul".
// packed  products alone, by the primitive, with the right matrix laid beforehand as it likes best: less work than the
//         others do, and no way to train, where every matrix is new.
#include <dnnl.hpp>

#include "protocol.hpp"

namespace {

using dnnl::memory;
using peer::Activation;
using peer::Numbers;
using peer::Workload;

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
        using Tag = memory::format_tag;
        auto layout = [&](Tag tag) {
            return memory::desc({workload.size, workload.size}, memory::data_type::f32, tag);
        };
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

// A network of inner products.
class Answers : public peer::Run {
public:
    Answers(const Workload& workload, const Numbers& numbers)
        : numbers_(numbers), batch_(workload.batch), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
        using Tag = memory::format_tag;
        auto desc = [](memory::dims shape, Tag tag) { return memory::desc(shape, memory::data_type::f32, tag); };
        for (int64_t i = 0; i < numbers_.x.rows; i += batch_) {
            float* rows = &numbers_.x.values[i * numbers_.x.columns];
            inputs_.emplace_back(desc({batch_, numbers_.x.columns}, Tag::ab), engine_, rows);
        }
        memory below = inputs_[0];
        for (size_t i = 0; i < numbers_.weights.size(); i++) {
            auto& weight = numbers_.weights[i];
            Activation activation = i + 1 == numbers_.weights.size() ? workload.output : workload.hidden;
            dnnl::post_ops after;
            if (activation == Activation::relu) after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
            if (activation == Activation::tanh) after.append_eltwise(1, dnnl::algorithm::eltwise_tanh, 0, 0);
            dnnl::primitive_attr attributes;
            attributes.set_post_ops(after);
            auto y = desc({batch_, weight.columns}, Tag::ab), b = desc({weight.columns}, Tag::a);
            memory::dims shape{weight.columns, weight.rows};
            dnnl::inner_product_forward::primitive_desc plan(
                {dnnl::prop_kind::forward_inference, below.get_desc(), desc(shape, Tag::any), b, y}, attributes, engine_);
            memory result(y, engine_), given(desc(shape, Tag::ba), engine_, weight.values.data());
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
        peer::check_answers(workload, numbers_, static_cast<const float*>(below.get_data_handle()), batch_);
    }

    int64_t call() override {
        steps_[0].arguments[DNNL_ARG_SRC] = inputs_[next_];
        for (auto& step : steps_) step.primitive.execute(stream_, step.arguments);
        stream_.wait();
        next_ = next_ + 1 == inputs_.size() ? 0 : next_ + 1;
        return batch_;
    }

private:
    struct Step {
        dnnl::primitive primitive;
        std::unordered_map<int, memory> arguments;
    };

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

}  // namespace

int main(int count, char** words) {
    bool packed = peer::option(count, words, "mode", "plain") == "packed";
    peer::serve([packed](const Workload& workload, const std::string& path) -> std::unique_ptr<peer::Run> {
        if (workload.kind == "predict" && !packed) return std::make_unique<Answers>(workload, Numbers(path, workload));
        if (workload.kind != "multiply") return nullptr;
        auto matmul = std::make_unique<Matmul>(workload, packed);
        if (packed) return matmul;
        auto sgemm = std::make_unique<Sgemm>(workload);
        double first = 0, second = 0;
        for (int turn = 0; turn < 5; turn++) {
            first = std::max(first, sgemm->rate(0.02, peer::Run::wall));
            second = std::max(second, matmul->rate(0.02, peer::Run::wall));
        }
        if (first > second) return sgemm;
        return matmul;
    });
}
