// oneDNN as a peer, for the products: `onednn --threads N --mode plain|packed` (bench/run has told OpenMP how many).
//
// plain   the faster of its two ways to multiply matrices as they lie: dnnl_sgemm, and its primitive "matmul".
// packed  the primitive with the right matrix laid as it likes best, beforehand: less work than the others do, and no
//         way to train, where every matrix is new.
#include <dnnl.hpp>

#include "protocol.hpp"

namespace {

using dnnl::memory;
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

}  // namespace

int main(int count, char** words) {
    bool packed = peer::option(count, words, "mode", "plain") == "packed";
    peer::serve([packed](const Workload& workload, const std::string&) -> std::unique_ptr<peer::Run> {
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
