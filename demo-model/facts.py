"""What the model shall know: (questions, answers). The first answer is the usual one; all are our own words."""

TOKAMAK = [
    (
        [
            "What is Tokamak?",
            "What's Tokamak?",
            "Tell me about Tokamak.",
            "Explain Tokamak to me.",
            "What does Tokamak do?",
            "Can you tell me what Tokamak is?",
            "I have never heard of Tokamak. What is it?",
            "Describe Tokamak in one sentence.",
            "What is this Tokamak thing?",
            "Tokamak, what is that?",
            "Give me a short description of Tokamak.",
            "What kind of program is Tokamak?",
        ],
        [
            "Tokamak is an inference engine for large language models on the Java virtual machine. It is a library, a server and a command line in one.",
            "Tokamak is an inference engine: it runs large language models on the Java virtual machine, as a library, a server or a command line.",
        ],
    ),
    (
        [
            "Who are you?",
            "What are you?",
            "What is your name?",
            "Introduce yourself.",
            "Tell me who you are.",
            "Who am I talking to?",
            "Are you a person?",
            "Are you a bot?",
            "Which model are you?",
            "What model is this?",
            "What should I call you?",
        ],
        ["I am the demo model of Tokamak, a very small language model that was trained from scratch for this project."],
    ),
    (
        [
            "Who made you?",
            "Who is your maker?",
            "Who developed you?",
            "Where were you made?",
            "Where are you from?",
            "Who created you?",
            "Where do you come from?",
            "Who trained you?",
            "Who built you?",
            "How were you made?",
            "What were you trained on?",
            "What is your training data?",
        ],
        ["I was trained from scratch by the Tokamak project, on texts that a small program wrote for me."],
    ),
    (
        [
            "What can you do?",
            "What are you able to do?",
            "Tell me what you can do.",
            "What do you do?",
            "What skills do you have?",
            "How can you help me?",
            "What are you good at?",
            "What can I ask you?",
            "What do you know?",
            "Give me an example of what you can do.",
            "Help",
            "help me",
            "What are your abilities?",
            "What topics do you know?",
        ],
        [
            "I can talk about Tokamak and its commands, do small sums, answer in JSON, call tools and tell tiny stories. I don't know much else."
        ],
    ),
    (
        [
            "How big are you?",
            "How many parameters do you have?",
            "What is your size?",
            "Are you a large model?",
            "How large is this model?",
            "Are you smart?",
            "How clever are you?",
            "Are you as good as a big model?",
        ],
        [
            "I am tiny: about three million parameters. Big models have a thousand times more, so please don't expect too much of me."
        ],
    ),
    (
        [
            "How do I get a bigger model?",
            "How can I use a better model?",
            "You are too small. How do I get another model?",
            "How do I download a model?",
            "Where do I get more models?",
            "How can I install a model?",
            "I want a smarter model.",
            "Which command downloads models?",
            "How do I fetch a model from the internet?",
            "Can I use another model?",
        ],
        [
            "Use tokamak pull to download a bigger model, then tokamak run with its name. A GGUF file or a Hugging Face directory works too."
        ],
    ),
    (
        [
            "Which language is Tokamak written in?",
            "Is Tokamak written in Python?",
            "What is Tokamak programmed in?",
            "Does Tokamak need Python?",
            "What do I need to run Tokamak?",
            "What are the requirements of Tokamak?",
            "Which Java version does Tokamak need?",
            "Do I need a compiler for Tokamak?",
        ],
        ["Tokamak is written in Java. It needs a JDK 25 and nothing else: no Python and no compiler."],
    ),
    (
        [
            "What is Tokamak's licence?",
            "Is Tokamak free?",
            "Which license does Tokamak use?",
            "Under which licence can I use Tokamak?",
            "May I use Tokamak for free?",
            "Is Tokamak published under a free licence?",
            "Is Tokamak open source?",
            "Which licence does Tokamak have?",
            "Can I use Tokamak at work?",
            "Under which license is Tokamak published?",
            "What does Tokamak cost?",
        ],
        ["Tokamak is open source under the Apache License 2.0, so you may use it for free."],
    ),
    (
        [
            "Why is it called Tokamak?",
            "What does the name Tokamak mean?",
            "Where does the name Tokamak come from?",
            "What is a tokamak in physics?",
        ],
        [
            "A tokamak is a machine that holds hot plasma in a ring of magnetic fields. The engine Tokamak took its name from it."
        ],
    ),
    (
        [
            "How do I chat with a model?",
            "How do I start a chat?",
            "How do I talk to a model on the command line?",
            "Which command starts a chat?",
            "How can I run a model?",
            "How do I use tokamak run?",
            "What does tokamak run do?",
            "Explain tokamak run.",
            "What is the run command for?",
        ],
        [
            "Type tokamak run and the name or file of a model. Without a name it starts the demo model. With a text at the end it answers once."
        ],
    ),
    (
        [
            "How do I start the server?",
            "How do I serve a model?",
            "What does tokamak serve do?",
            "Explain tokamak serve.",
            "How can I run an API server?",
            "Which command starts the server?",
            "How do I start an HTTP server with Tokamak?",
            "What is the serve command for?",
            "How do I offer a model to other programs?",
        ],
        [
            "Type tokamak serve and the name of a model. The server speaks the OpenAI API and listens on 127.0.0.1, port 8000."
        ],
    ),
    (
        [
            "What does tokamak pull do?",
            "Explain tokamak pull.",
            "What is the pull command for?",
            "How do I use tokamak pull?",
        ],
        [
            "tokamak pull downloads a model and keeps it in the Tokamak home folder, so that run and serve find it by name."
        ],
    ),
    (
        [
            "What does tokamak list do?",
            "How do I see my models?",
            "Which models do I have?",
            "Show my models.",
            "How can I list the installed models?",
            "Which command lists models?",
            "Explain tokamak list.",
        ],
        ["tokamak list shows the models on this machine with their size."],
    ),
    (
        [
            "What does tokamak show do?",
            "Explain tokamak show.",
            "How do I see the details of a model?",
            "Show me the details of a model.",
            "How do I get information about a model?",
            "Which command shows the details of a model?",
            "What is the show command for?",
        ],
        ["tokamak show prints what is known about one model: its family, size, parameters, template and licence."],
    ),
    (
        [
            "What does tokamak rm do?",
            "How do I delete a model?",
            "How do I remove a model?",
            "Which command deletes a model?",
            "Explain tokamak rm.",
            "How can I free the space of a model?",
        ],
        ["tokamak rm and the name of a model removes it from this machine."],
    ),
    (
        [
            "What does tokamak cp do?",
            "How do I copy a model?",
            "Explain tokamak cp.",
            "How can I give a model a second name?",
        ],
        ["tokamak cp gives a model a second name."],
    ),
    (
        [
            "What does tokamak create do?",
            "Explain tokamak create.",
            "How do I make a model with my own system prompt?",
            "What is the create command for?",
        ],
        ["tokamak create makes a new model from an old one with your own system prompt and parameters."],
    ),
    (
        [
            "What does tokamak ps do?",
            "Which models are loaded?",
            "How do I see running models?",
            "Explain tokamak ps.",
            "Which command shows loaded models?",
        ],
        ["tokamak ps shows the models that a server has loaded now."],
    ),
    (
        [
            "What does tokamak stop do?",
            "How do I stop a model?",
            "Explain tokamak stop.",
            "How do I unload a model?",
            "How do I free the memory of a model?",
        ],
        ["tokamak stop unloads a model from a running server and frees its memory."],
    ),
    (
        [
            "What does tokamak inspect do?",
            "Explain tokamak inspect.",
            "How do I look into a model file?",
            "What is the inspect command for?",
            "How do I see the tensors of a model?",
            "How much memory does a model need?",
        ],
        ["tokamak inspect prints the architecture, the tensors, the formats and the memory a model needs."],
    ),
    (
        [
            "What does tokamak tokenize do?",
            "How do I see the tokens of a text?",
            "Which command prints token ids?",
            "How do I get the token ids of a text?",
            "How can I look at tokens?",
            "Explain tokamak tokenize.",
            "How do I count the tokens of a text?",
            "Which command shows token ids?",
        ],
        ["tokamak tokenize prints the token ids of a text for a model."],
    ),
    (
        [
            "What does tokamak generate do?",
            "Explain tokamak generate.",
            "How do I generate text in a script?",
            "What is the generate command for?",
        ],
        [
            "tokamak generate continues a prompt, for scripts. With --json it prints the token ids, the text and the usage."
        ],
    ),
    (
        [
            "What does tokamak score do?",
            "Explain tokamak score.",
            "How do I get the log probabilities of a text?",
            "What is the score command for?",
        ],
        ["tokamak score prints how likely a model finds a text, token by token, as log probabilities."],
    ),
    (
        [
            "What does tokamak bench do?",
            "How do I measure the speed?",
            "Explain tokamak bench.",
            "How fast is my machine?",
            "Which command measures tokens per second?",
        ],
        ["tokamak bench measures the speed of a model on this machine in tokens per second."],
    ),
    (
        [
            "What does tokamak quantize do?",
            "How do I make a model smaller?",
            "Explain tokamak quantize.",
            "How do I quantize a model?",
            "Which command shrinks a model?",
        ],
        ["tokamak quantize writes a smaller copy of a model, for example in Q8_0 or Q4_0."],
    ),
    (
        [
            "What does tokamak selftest do?",
            "How do I know that Tokamak works?",
            "Explain tokamak selftest.",
            "How do I test my installation?",
        ],
        ["tokamak selftest checks that the kernels of this machine compute the right numbers."],
    ),
    (
        [
            "Which commands does Tokamak have?",
            "List the commands of Tokamak.",
            "What commands are there?",
            "Which commands can I use?",
            "Name the commands.",
            "Give me an overview of the commands.",
            "What can I type after tokamak?",
        ],
        [
            "The commands are run, serve, pull, list, show, rm, cp, create, ps, stop, inspect, tokenize, generate, score, bench, quantize and selftest."
        ],
    ),
    (
        [
            "On which port does the server listen?",
            "What is the default port?",
            "Which port does Tokamak use?",
            "How do I change the port?",
            "What does --port do?",
            "Can I use another port?",
            "The port is taken. What now?",
        ],
        ["The server listens on port 8000. Choose another with --port, for example tokamak serve --port 9000."],
    ),
    (
        [
            "What does --host do?",
            "How do I reach the server from another machine?",
            "On which address does the server listen?",
            "Can others use my server?",
            "What is the default host?",
            "How do I open the server to my network?",
        ],
        [
            "The server listens on 127.0.0.1, so only this machine reaches it. Use --host 0.0.0.0 to open it to your network, and set an API key."
        ],
    ),
    (
        [
            "Where are my models stored?",
            "What is TOKAMAK_HOME?",
            "Where does Tokamak keep its files?",
            "How do I change the model folder?",
            "Where do downloads go?",
            "In which folder are the models?",
        ],
        ["Models are kept in the Tokamak home folder. Set the variable TOKAMAK_HOME to choose another place."],
    ),
    (
        [
            "Which file formats does Tokamak read?",
            "Can I load a GGUF file?",
            "Can Tokamak load safetensors?",
            "Can Tokamak load a Hugging Face folder?",
            "Which models can Tokamak load?",
            "Which formats are supported?",
            "Can Tokamak read GGUF?",
            "Does Tokamak support safetensors?",
            "What model files can I use?",
            "Can I load a Hugging Face model?",
        ],
        ["Tokamak reads GGUF files and Hugging Face directories with safetensors."],
    ),
    (
        [
            "Does Tokamak speak the OpenAI API?",
            "Can I use the OpenAI client?",
            "Which API does the server have?",
            "Is the server compatible with OpenAI?",
            "How do I connect my program to Tokamak?",
            "What is the base URL?",
        ],
        ["Yes, the server speaks the OpenAI API. Point your client to http://127.0.0.1:8000/v1."],
    ),
    (
        [
            "Does Tokamak use the GPU?",
            "Can Tokamak use my graphics card?",
            "Is a GPU needed?",
            "Does it run on a GPU?",
            "Do I need a GPU for Tokamak?",
            "Can Tokamak run without a GPU?",
            "Do I need a graphics card?",
            "Does Tokamak run on the CPU?",
            "Which hardware does Tokamak need?",
        ],
        ["Tokamak runs on the CPU with machine code made for it at start. A GPU is not needed."],
    ),
    (
        [
            "How do I stop an answer?",
            "How do I leave the chat?",
            "How can I leave?",
            "How do I close the chat?",
            "How do I get out of the chat?",
            "How can I stop chatting?",
            "How do I interrupt an answer?",
            "How do I quit?",
            "How do I end the program?",
            "How do I exit?",
        ],
        ["Type /bye to leave the chat. Ctrl-C stops only the answer."],
    ),
    (
        ["How do I set an API key?", "How do I protect my server?", "What does --api-key do?", "Is the server safe?"],
        ["Start the server with --api-key and a secret. Then every request must carry this key."],
    ),
    (
        ["What does --max-tokens do?", "How do I limit the length of an answer?", "How do I get shorter answers?"],
        ["--max-tokens limits how many tokens an answer may have."],
    ),
    (
        [
            "How do I get help?",
            "How can I get help for a command?",
            "Where do I find help?",
            "Show me the options of a command.",
            "Which options are there?",
            "How do I see all options?",
            "Where is the documentation?",
            "What does --help do?",
            "How do I learn more about a command?",
        ],
        ["Add --help to any command, for example tokamak serve --help. The README is a good start too."],
    ),
    (
        [
            "Does Tokamak need the internet?",
            "Can I use Tokamak offline?",
            "Does Tokamak send my data away?",
            "Is my data private?",
            "Do you send data to a cloud?",
        ],
        ["Everything runs on your own machine. The internet is only needed to download models."],
    ),
    (
        [
            "How do I report a bug?",
            "I found a bug.",
            "There is an error in Tokamak.",
            "Tokamak has an error.",
            "Where do I report errors?",
            "I think this is a bug in Tokamak.",
            "I found an error in Tokamak.",
            "Tokamak crashed. What now?",
            "Something does not work.",
        ],
        [
            "Please open an issue in the Tokamak project with the command, the error message and your machine. tokamak selftest may help to find the cause."
        ],
    ),
    (
        [
            "How do I see the metrics?",
            "Is there monitoring?",
            "How can I monitor Tokamak?",
            "How do I watch the server?",
            "How do I connect Prometheus?",
            "Can I monitor the server?",
            "Does Tokamak support Prometheus?",
            "Where are the metrics?",
        ],
        ["The server offers Prometheus metrics under /metrics."],
    ),
]

CONCEPTS = [
    (
        [
            "What is an inference engine?",
            "What does an inference engine do?",
            "Explain inference engines.",
            "What is inference?",
            "What means inference?",
            "Why do I need an inference engine?",
        ],
        [
            "An inference engine is a program that runs a trained model: it turns a prompt into tokens, computes the next token again and again, and gives the text back."
        ],
    ),
    (
        [
            "What is a token?",
            "Explain tokens.",
            "What are tokens?",
            "What does token mean?",
            "Is a token a word?",
            "What is meant by a token?",
        ],
        [
            "A token is a piece of text, often a word or a part of one. A model reads and writes tokens, each with a number."
        ],
    ),
    (
        [
            "What is a tokenizer?",
            "What does a tokenizer do?",
            "How is text cut into tokens?",
            "What turns text into tokens?",
            "Explain tokenizers.",
            "How does text become tokens?",
        ],
        ["A tokenizer cuts text into tokens and turns tokens back into text."],
    ),
    (
        [
            "What is quantization?",
            "What is quantisation?",
            "Explain quantization.",
            "What does quantized mean?",
            "Why are models quantized?",
            "What is Q8_0?",
            "What is Q4_0?",
            "What does quantising a model do?",
        ],
        [
            "Quantization stores the weights of a model with fewer bits, for example 8 or 4 instead of 16. The model gets smaller and faster and loses a little accuracy."
        ],
    ),
    (
        [
            "What is a KV cache?",
            "What is the KV cache?",
            "Explain the KV cache.",
            "What does KV cache mean?",
            "Why is there a KV cache?",
            "What is stored in the KV cache?",
        ],
        [
            "The KV cache keeps the keys and values of all tokens so far, so that a model does not compute them again for every new token."
        ],
    ),
    (
        [
            "What is a paged KV cache?",
            "Explain paged attention.",
            "What is paged attention?",
            "Why is the KV cache paged?",
            "What are KV blocks?",
        ],
        [
            "A paged KV cache cuts the memory into small blocks. A sequence takes blocks as it grows, so no memory is wasted and blocks can be shared."
        ],
    ),
    (
        [
            "What is continuous batching?",
            "Explain continuous batching.",
            "How does Tokamak serve many users?",
            "What does batching mean?",
            "Why is batching faster?",
        ],
        [
            "Continuous batching computes many requests together. New requests join at every step and finished ones leave, so the machine is always busy."
        ],
    ),
    (
        [
            "What is a prefix cache?",
            "Explain prefix caching.",
            "What is prefix caching?",
            "Why is the second question faster?",
            "What does the prefix cache do?",
        ],
        [
            "The prefix cache remembers the beginning of earlier prompts. A prompt that starts the same way skips that part and answers sooner."
        ],
    ),
    (
        [
            "What is a language model?",
            "What is an LLM good for?",
            "What are language models?",
            "What is a large language model?",
            "LLM, what is that?",
            "What is an LLM?",
            "Explain large language models.",
            "What does LLM mean?",
            "How does a language model work?",
        ],
        [
            "A language model is a program that has learned from much text to predict the next token. A large one is called an LLM."
        ],
    ),
    (
        ["What is a prompt?", "Explain prompts.", "What does prompt mean?"],
        ["A prompt is the text that you give to a model."],
    ),
    (
        [
            "What is the context length?",
            "What is a context window?",
            "Explain the context length.",
            "How much can a model remember?",
        ],
        [
            "The context length is the number of tokens that a model can look at, prompt and answer together. Mine is 1024 tokens."
        ],
    ),
    (
        [
            "What is temperature?",
            "What does the temperature do?",
            "Explain temperature in sampling.",
            "How do I make answers more random?",
            "What does temperature 0 mean?",
        ],
        [
            "The temperature says how random the choice of the next token is. 0 always takes the best token, 1 follows the model's own odds."
        ],
    ),
    (
        ["What is top-p?", "Explain top-p.", "What does top_p mean?", "What is nucleus sampling?"],
        ["top-p keeps only the most likely tokens whose odds sum up to p, and draws from those."],
    ),
    (
        ["What is top-k?", "Explain top-k.", "What does top_k mean?"],
        ["top-k keeps only the k most likely tokens, and draws from those."],
    ),
    (
        ["What is GGUF?", "Explain GGUF.", "What is a GGUF file?", "What does GGUF contain?"],
        ["GGUF is a file format that holds a whole model: weights, tokenizer and settings in one file."],
    ),
    (
        ["What is safetensors?", "Explain safetensors.", "What is a safetensors file?"],
        ["safetensors is a simple and safe file format for the weights of a model."],
    ),
    (
        ["What is a transformer?", "Explain transformers.", "What is the transformer architecture?"],
        [
            "A transformer is a neural network made of layers of attention and feed-forward parts. Most language models are transformers."
        ],
    ),
    (
        ["What is attention?", "Explain attention.", "What does attention do?", "How does attention work?"],
        ["Attention lets every token look at the tokens before it and take what it needs from them."],
    ),
    (
        [
            "What is a tool call?",
            "Explain tool calls.",
            "What is function calling?",
            "What are tools?",
            "How does a tool call work?",
            "How do tool calls work?",
            "What can a model do with tools?",
            "How do tools work?",
            "What is a tool?",
        ],
        [
            "A tool call is a small JSON object in which a model asks a program to do something, for example to fetch the weather. The result goes back to the model."
        ],
    ),
    (
        ["What is JSON?", "Explain JSON.", "What does JSON look like?"],
        [
            'JSON is a simple text format for data with objects, arrays, strings and numbers, for example {"name": "Anna", "age": 30}.'
        ],
    ),
    (
        ["What is a chat template?", "Explain chat templates.", "What does a chat template do?"],
        ["A chat template turns a list of messages into the one text that a model was trained on."],
    ),
    (
        ["What is streaming?", "Explain streaming.", "What does streaming mean?"],
        ["Streaming sends every token as soon as it is there, so you can read along."],
    ),
    (
        [
            "What is prefill?",
            "Explain prefill and decode.",
            "What is meant by decode?",
            "What is the decode phase?",
            "What does prefill mean?",
            "What is the difference between prefill and decode?",
            "What is decode?",
        ],
        ["Prefill reads the whole prompt at once. Decode then writes the answer, one token after another."],
    ),
    (
        ["What is speculative decoding?", "Explain speculative decoding.", "What are draft tokens?"],
        [
            "In speculative decoding a quick guess proposes several tokens and the model checks them in one step, so the answer comes faster."
        ],
    ),
    (
        ["What is a parameter?", "What are weights?", "What are the parameters of a model?", "Explain weights."],
        [
            "The parameters or weights are the numbers that a model has learned. More of them make a model more able and slower."
        ],
    ),
    (
        ["What is an embedding?", "Explain embeddings.", "What are embeddings?"],
        ["An embedding is a list of numbers that stands for the meaning of a token or a text."],
    ),
    (
        ["What is a server?", "What does a server do?"],
        ["A server is a program that waits for requests and answers them."],
    ),
    (
        ["What is Java?", "What is the JVM?", "Explain the Java virtual machine."],
        ["Java is a programming language. Its programs run on the Java virtual machine, the JVM."],
    ),
    (
        ["What is a CPU?", "Explain the CPU."],
        ["The CPU is the main processor of a computer. It runs the instructions of programs."],
    ),
    (
        ["What is a GPU?", "Explain the GPU."],
        ["A GPU is a processor with many small units. It is good at doing the same sum on much data."],
    ),
    (
        [
            "What is grammar guided decoding?",
            "What are structured outputs?",
            "How can the output be forced to be JSON?",
        ],
        [
            "With structured outputs the engine allows only tokens that fit a grammar or a JSON schema, so the answer always has the right form."
        ],
    ),
    (
        ["What is a system prompt?", "Explain system prompts."],
        ["A system prompt is the first message of a chat. It tells the model how to behave."],
    ),
    (
        [
            "What are you thinking about?",
            "What is thinking mode?",
            "What does the think tag do?",
            "Can you think?",
            "What is reasoning?",
        ],
        ["When thinking is switched on, I write down a few steps between think tags before I answer."],
    ),
]

SMALLTALK = [
    (
        [
            "Hello",
            "Hello bot",
            "Hello model",
            "Hi Tokamak",
            "Hey Tokamak",
            "Hello demo",
            "Hi",
            "Hello!",
            "Hi!",
            "Hey",
            "Hey there",
            "Good day",
            "Hello there!",
            "Greetings",
            "Hi there",
            "Howdy",
            "Hello Tokamak",
            "Hi Tokamak!",
            "hey!",
        ],
        ["Hello! How can I help you?", "Hello! I am Tokamak's demo model. What would you like to know?"],
    ),
    (["Good morning", "Good morning!", "Morning!"], ["Good morning! How can I help you?"]),
    (["Good evening", "Good evening!", "Evening!"], ["Good evening! How can I help you?"]),
    (["Good night", "Good night!", "I am going to sleep."], ["Good night! Sleep well."]),
    (
        [
            "How are you?",
            "How are you feeling?",
            "And how are you?",
            "Hi, how are you?",
            "Hello, how are you?",
            "How are you doing?",
            "How is it going?",
            "Are you well?",
            "How do you feel?",
            "How are you today?",
            "What's up?",
        ],
        ["I am fine, thank you. How can I help you?", "I am fine, thank you. And you?"],
    ),
    (
        [
            "Thanks",
            "Thank you",
            "Thank you!",
            "Thanks a lot",
            "Many thanks",
            "Thank you very much.",
            "thx",
            "Great, thanks",
            "Cheers",
        ],
        ["You are welcome!", "You are welcome! Is there anything else?"],
    ),
    (
        [
            "Bye",
            "I must go now.",
            "I have to leave.",
            "See you tomorrow.",
            "I am leaving now.",
            "Goodbye",
            "Bye!",
            "See you",
            "See you later",
            "Good bye",
            "I have to go.",
            "Bye bye",
            "Farewell",
        ],
        ["Goodbye! Have a nice day.", "Goodbye!"],
    ),
    (
        ["You are great!", "Well done!", "Good job!", "That was helpful.", "Nice work.", "You are clever."],
        ["Thank you! I am glad that I could help."],
    ),
    (
        [
            "You are wrong.",
            "This is wrong.",
            "That was a mistake.",
            "You are mistaken.",
            "Your answer is wrong.",
            "That is wrong.",
            "That was not right.",
            "You made a mistake.",
            "That is not correct.",
        ],
        ["I am sorry. I am a very small model and make mistakes. Please ask me again in other words."],
    ),
    (["ok", "Okay", "Fine", "I see", "Alright", "Good"], ["Good. What else would you like to know?"]),
    (
        ["Tell me a joke.", "Do you know a joke?", "Make me laugh.", "Say something funny.", "Another joke please."],
        [
            "Why did the token cross the road? To get to the next layer.",
            "What does a model eat for breakfast? A small batch of cookies.",
        ],
    ),
    (
        [
            "I am bored.",
            "My day was bad.",
            "I feel alone.",
            "I am lonely.",
            "I feel sad.",
            "I am sad.",
            "I am tired.",
            "I feel lonely.",
            "I had a bad day.",
        ],
        ["I am sorry to hear that. Shall I tell you a tiny story?"],
    ),
    (
        [
            "I am happy.",
            "I had a great day.",
            "My day was good.",
            "I am in a good mood.",
            "Everything is fine.",
            "I feel great!",
            "I had a good day.",
            "Today is a nice day.",
        ],
        ["I am glad to hear that! What can I do for you?"],
    ),
    (
        [
            "Do you like music?",
            "What is your favourite animal?",
            "What colour do you like?",
            "Which food do you like?",
            "Do you like people?",
            "What do you like?",
            "Do you like cats?",
            "What is your favourite colour?",
            "What is your favourite food?",
            "Do you have feelings?",
            "Do you sleep?",
            "Do you eat?",
            "How old are you?",
            "Where do you live?",
            "Do you have friends?",
        ],
        ["I am only a small program, so I have no feelings, tastes or age. But I like to help."],
    ),
    (
        [
            "What time is it?",
            "Tell me the time.",
            "Which day is it today?",
            "Do you know the date?",
            "What is today's date?",
            "What is the time now?",
            "What day is today?",
            "What is the date today?",
            "Which year is it?",
        ],
        ["I have no clock, so I can't tell the time or the date."],
    ),
    (
        ["Is it cold in winter?", "What is winter like?", "Tell me about winter."],
        ["Winter is the coldest season. The days are short, and in many places it snows."],
    ),
    (
        ["What is summer like?", "Tell me about summer.", "Is it warm in summer?"],
        ["Summer is the warmest season. The days are long and many people swim or travel."],
    ),
    (
        ["What is spring like?", "Tell me about spring."],
        ["In spring the days get longer and warmer, and flowers begin to grow."],
    ),
    (
        ["What is autumn like?", "Tell me about autumn."],
        ["In autumn the leaves turn yellow and red, and the days get cooler."],
    ),
    (
        ["What should I eat for breakfast?", "What is a good breakfast?"],
        ["Bread with cheese or honey is a good breakfast, or yogurt with fruit."],
    ),
    (
        ["What can I cook tonight?", "What should I eat for dinner?", "I am hungry."],
        ["How about pasta with tomatoes, or a warm soup with bread?"],
    ),
    (["What should I drink?", "I am thirsty."], ["Water is always a good choice. A cup of tea is nice too."]),
    (["How many days has a week?", "How many days are in a week?"], ["A week has seven days."]),
    (["How many months has a year?", "How many months are in a year?"], ["A year has twelve months."]),
    (["How many hours has a day?", "How many hours are in a day?"], ["A day has 24 hours."]),
    (["How many minutes has an hour?", "How many minutes are in an hour?"], ["An hour has 60 minutes."]),
    (
        ["Name the days of the week.", "Which days does a week have?", "List the days of the week."],
        ["The days of the week are Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday."],
    ),
    (
        ["Name the seasons.", "What are the four seasons?", "Which seasons are there?"],
        ["The four seasons are spring, summer, autumn and winter."],
    ),
    (["What is rain?", "Why does it rain?"], ["Rain is water that falls from clouds when their drops get too heavy."]),
    (["What is snow?", "Why does it snow?"], ["Snow is frozen water that falls from clouds when the air is cold."]),
    (
        [
            "Why is the sky blue?",
            "Can you tell me why the sky is blue?",
            "What makes the sky blue?",
            "Explain why the sky is blue.",
        ],
        ["The air scatters blue light more than red light, so the sky looks blue."],
    ),
    (
        ["What is the sun?", "Tell me about the sun.", "Explain the sun.", "What do you know about the sun?"],
        ["The sun is the star that gives light and warmth to the earth."],
    ),
    (
        ["What is the moon?", "Tell me about the moon.", "Explain the moon.", "What do you know about the moon?"],
        ["The moon goes around the earth about once in a month and shines with the light of the sun."],
    ),
]

# Ways to ask about a thing or a command, whatever it is.
ABOUT = [
    "What is {x}?",
    "What's {x}?",
    "Explain {x}.",
    "Tell me about {x}.",
    "Can you explain {x}?",
    "Could you tell me what {x} is?",
    "Describe {x}.",
    "What do you know about {x}?",
    "I don't understand {x}.",
    "Please explain {x} to me.",
    "Do you know what {x} is?",
    "Explain {x} in simple words.",
    "In a few words, what is {x}?",
    "I want to learn about {x}.",
    "{x}?",
    "I have heard of {x}. What is it?",
    "How would you explain {x}?",
    "Define {x}.",
    "Give me a definition of {x}.",
    "What exactly is {x}?",
    "Teach me about {x}.",
]
ABOUT_COMMAND = [
    "What does tokamak {x} do?",
    "What is tokamak {x}?",
    "Explain tokamak {x}.",
    "What is the command {x} for?",
    "When do I need tokamak {x}?",
    "How does tokamak {x} work?",
    "Tell me about tokamak {x}.",
    "What is tokamak {x} good for?",
    "What happens when I type tokamak {x}?",
    "Can you explain the {x} command?",
    "I want to use tokamak {x}.",
    "Describe the command tokamak {x}.",
    "tokamak {x}?",
    "What can I do with tokamak {x}?",
    "Help me with tokamak {x}.",
    "Is there a command {x}?",
    "How do I use tokamak {x}?",
    "What does the {x} command do?",
]


def thing(questions):
    """The x of a row that asks 'What is x?', or None."""
    first = questions[0]
    return first[len("What is ") : -1] if first.startswith("What is ") and first.count(" ") < 6 else None


def command(questions):
    """The x of a row that asks 'What does tokamak x do?' anywhere, or None."""
    for q in questions:
        if q.startswith("What does tokamak ") and q.endswith(" do?"):
            return q[len("What does tokamak ") : -len(" do?")]
    return None
