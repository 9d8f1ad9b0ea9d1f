"""A Tensor that shows the shape of one task and holds all of them."""

from __future__ import annotations

import inspect

import paddle

from .forms import TASKS, shape_in, to_tasks


class CannotBatch(RuntimeError):
    """What was done to a `Batched` can't be done for all tasks at once, not even one after the other."""


_Tensor = paddle.base.core.eager.Tensor

#: What a `Batched` is to C++: of a type and a rank that kernels don't take. They raise; a tensor that is none
#: would end the process.
NOTHING = paddle.zeros([1, 1, 1, 1, 1, 1, 1, 7, 11]).astype(getattr(paddle, "float8_e4m3fn", paddle.bfloat16))


def met_nothing(error: Exception) -> bool:
    """Whether it is Paddle's, over `NOTHING`."""
    text = str(error)
    return str(NOTHING.dtype).partition(".")[2] in text or str(list(NOTHING.shape))[1:-1] in text


_become = _Tensor.reconstruct_from_


class Batched(_Tensor):
    """Stands for a tensor of each task, to user code as if it was one of them.

    Passes ``isinstance(x, paddle.Tensor)``, may stand among a Layer's parameters, and is sent to batching rules by
    what `batching` puts in the place of Paddle's ops. The Tensor in C++ that it is by its type is `NOTHING`.

    Attributes
    ----------
    stacked : Tensor
        All of them.
    form : str
        How; see `forms`.
    kept_part : float
        For a running statistic, what part of its first value is still in it.
    """

    kept_part = 1.0

    def __init__(self, stacked, form: str = TASKS):
        self.stacked = stacked
        self.form = form
        _become(self, NOTHING)

    # What is read of a tensor is read of one task's.

    @property
    def shape(self):
        stacked = self.stacked.shape
        return type(stacked)(shape_in(self.form, list(stacked)))

    @property
    def ndim(self) -> int:
        return self.stacked.ndim - 1

    @property
    def size(self) -> int:
        stacked = self.stacked
        return stacked.size // stacked.shape[0]

    @property
    def stop_gradient(self) -> bool:
        return self.stacked.stop_gradient

    @stop_gradient.setter
    def stop_gradient(self, value):
        self.stacked.stop_gradient = value

    @property
    def requires_grad(self) -> bool:
        return not self.stacked.stop_gradient

    @property
    def nbytes(self) -> int:
        return self.size * self.stacked.element_size()

    @property
    def T(self):
        return paddle.transpose(self, list(range(self.ndim))[::-1])

    @property
    def mT(self):
        axes = list(range(self.ndim))
        return paddle.transpose(self, [*axes[:-2], axes[-1], axes[-2]])

    @property
    def data(self):
        return self

    @data.setter
    def data(self, value):
        raise CannotBatch("a value written into Tensor.data")

    @property
    def persistable(self) -> bool:
        return False

    @persistable.setter
    def persistable(self, value):
        pass

    def dim(self) -> int:
        return self.ndim

    ndimension = dim

    def rank(self):
        return paddle.to_tensor(self.ndim, "int32")

    def numel(self):
        return paddle.to_tensor(self.size)

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of a 0-D tensor")
        return self.shape[0]

    def __hash__(self):
        return id(self)

    def __repr__(self):
        return f"Batched({self.stacked.shape[0]} tasks, shape={list(self.shape)}, dtype={self.dtype})"

    __str__ = __repr__

    def detach(self):
        return Batched(self.stacked.detach(), self.form)

    def clone(self):
        copy = Batched(self.stacked.clone(), self.form)
        copy.kept_part = self.kept_part
        return copy

    def become(self, other: Batched) -> Batched:
        """From now on this is the other one."""
        self.stacked, self.form = other.stacked, other.form
        return self

    def contiguous(self):
        return self

    def _tensor_use_gpudnn(self, use):
        return self

    def is_contiguous(self) -> bool:
        raise CannotBatch("the memory layout of a tensor, which is another one for a task by itself")

    def __iter__(self):
        return (self[position] for position in range(len(self)))

    def __deepcopy__(self, memo):
        raise CannotBatch("copy.deepcopy() of a tensor, which is a leaf without a past; clone() keeps its derivative")


def stacked(tensors: list) -> Batched:
    """One from a Tensor for each task."""
    if not all(tensor.is_dense() for tensor in tensors):  # it would end the process
        raise CannotBatch("a sparse tensor of which each task has its own")
    return Batched(paddle.stack(tensors, 0))


def tasks_of(batched: Batched):
    """The stacked tensor in the form ``TASKS``."""
    return to_tasks(batched.stacked, batched.form)


def _forwarded(name):
    """An attribute that is the same for all tasks."""
    return property(lambda self: getattr(self.stacked, name))


for _name in ("dtype", "place", "is_leaf", "grad_fn", "type", "inplace_version", "layout", "is_cuda", "itemsize"):
    setattr(Batched, _name, _forwarded(_name))


def _asked(name):
    """A method whose answer is the same for all tasks."""
    return lambda self, *args: getattr(self.stacked, name)(*args)


for _name in (
    "is_dense", "is_dist", "is_selected_rows", "is_sparse", "is_sparse_coo", "is_sparse_csr", "is_complex",
    "is_floating_point", "is_integer", "element_size", "_is_initialized",
):  # fmt: skip
    if hasattr(_Tensor, _name):
        setattr(Batched, _name, _asked(_name))


#: What Python itself needs of a class.
_OF_PYTHON = frozenset({
    "__class__", "__dict__", "__dir__", "__doc__", "__module__", "__new__", "__init__", "__sizeof__",
    "__getattribute__", "__setattr__", "__delattr__", "__init_subclass__", "__subclasshook__", "__weakref__",
    "__array_ufunc__",
})  # fmt: skip

#: Python methods of Tensor that read a value, or take the tensor itself apart.
_READING = frozenset({
    "item", "tolist", "__bool__", "__nonzero__", "__float__", "__int__", "__long__", "__index__", "__array__",
    "__complex__", "__format__", "__dlpack__", "backward", "register_hook", "cpu", "cuda", "pin_memory", "to_dense",
    "to_sparse_coo", "set_value", "gradient", "__reduce__", "__reduce_ex__", "value", "tobytes",
})  # fmt: skip


def _refused(name):
    def refuse(self, *args, **kwargs):
        raise CannotBatch(f"Tensor.{name} of a value that differs from task to task")

    return refuse


def close_the_rest():
    """Refuse what would reach the empty Tensor in C++, or read a value that each task has its own of."""
    for name in dir(_Tensor):
        if name in vars(Batched) or name in _OF_PYTHON:
            continue
        attribute = inspect.getattr_static(_Tensor, name)
        if isinstance(attribute, property) or inspect.isgetsetdescriptor(attribute):
            setattr(Batched, name, property(_refused(name), _refused(name)))
        elif inspect.ismethoddescriptor(attribute) or name in _READING:
            setattr(Batched, name, _refused(name))
