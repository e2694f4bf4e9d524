// HAPI HL7v2 as both sides: HapiPeer serve PORT CODE | send PEER PORT FILE… ; CODE is an acknowledgment code, or RSP to answer queries.
import ca.uhn.hl7v2.AcknowledgmentCode;
import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.app.HL7Service;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.protocol.ReceivingApplicationException;
import ca.uhn.hl7v2.util.Terser;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

public class HapiPeer {
  public static void main(String[] arguments) throws Exception {
    HapiContext context = new DefaultHapiContext();
    context.setValidationContext(ValidationContextFactory.noValidation());
    if (arguments[0].equals("serve")) serve(context, Integer.parseInt(arguments[1]), arguments[2]);
    else send(context, arguments);
  }

  static void serve(HapiContext context, int port, String code) throws Exception {
    HL7Service server = context.newServer(port, false);
    server.registerApplication(new ReceivingApplication<Message>() {
      public boolean canProcess(Message message) {
        return true;
      }

      public Message processMessage(Message message, Map<String, Object> metadata) throws ReceivingApplicationException, HL7Exception {
        try {
          if (code.equals("RSP")) return answer(context, message);
          AcknowledgmentCode answer = AcknowledgmentCode.valueOf(code);
          boolean bad = !code.endsWith("A");
          return message.generateACK(answer, bad ? new HL7Exception("WWPHIVAL was refused") : null);
        } catch (IOException error) {
          throw new ReceivingApplicationException(error);
        }
      }
    });
    server.startAndWait();
    Thread.currentThread().join();
  }

  static Message answer(HapiContext context, Message query) throws HL7Exception {
    String id = new Terser(query).get("/MSH-10");
    return context.getGenericParser().parse(String.join("\r",
        "MSH|^~\\&|MPI|GENHOSP|PORTAL|GENHOSP|20250311093001||RSP^K22^RSP_K21|MPI000701|P|2.5",
        "MSA|AA|" + id,
        "QAK|WWPHIQ701|OK",
        "QPD|Q22^Find Candidates^HL7|WWPHIQ701|@PID.3.1^WWPHI1001",
        "PID|1||WWPHI1001^^^GENHOSP^MR||WWPHIDOE^JANE||19110213|F"));
  }

  static void send(HapiContext context, String[] arguments) throws Exception {
    Connection connection = context.newClient(arguments[1], Integer.parseInt(arguments[2]), false);
    for (int index = 3; index < arguments.length; index++) {
      String text = Files.readString(Path.of(arguments[index])).strip().replace("\n", "\r") + "\r";
      Message answer = connection.getInitiator().sendAndReceive(context.getGenericParser().parse(text));
      System.out.println(new Terser(answer).get("/MSA-1"));
    }
    connection.close();
    context.close();
    System.exit(0);
  }
}
