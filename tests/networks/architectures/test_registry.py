import subprocess
import sys
from dataclasses import replace

import pytest

from puppyslug.networks import find_spec, list_networks
from puppyslug.networks.architectures import create_architecture


def test_only_the_architecture_in_use_is_imported():
    script = (
        "import sys; from puppyslug.networks import find_spec;"
        "from puppyslug.networks.architectures import create_architecture;"
        "create_architecture(find_spec('squeezenet1_1'), device='meta');"
        "package = 'puppyslug.networks.architectures.';"
        "print([name for name in ('alexnet', 'squeezenet') if package + name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "['squeezenet']"


@pytest.mark.parametrize("spec", list_networks(), ids=lambda spec: spec.name)
def test_parameters_on_the_meta_device_take_no_memory(spec):
    architecture = create_architecture(spec, device="meta")
    assert all(parameter.is_meta for parameter in architecture.parameters())


def test_an_architecture_without_a_module_is_named():
    spec = replace(find_spec("vgg19"), architecture="nonesuch")
    with pytest.raises(ModuleNotFoundError, match="nonesuch"):
        create_architecture(spec)
